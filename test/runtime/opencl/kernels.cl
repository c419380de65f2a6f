// Kernels of the tests of the OpenCL device, with arguments as docs/design/kernel-ir.md says: a buffer is a pointer and
// a byte offset.
#define AT(type, pointer, offset) ((__global type *)((__global char *)(pointer) + (offset)))

__kernel void axpy(__global float *x, ulong xo, __global float *y, ulong yo, __global float *z, ulong zo, long n,
                   float a) {
  long i = get_global_id(0);
  if (i < n)
    AT(float, z, zo)[i] = a * AT(float, x, xo)[i] + AT(float, y, yo)[i];
}

__kernel void ids(__global int *out, ulong oo) {
  size_t x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  size_t at = (z * get_global_size(1) + y) * get_global_size(0) + x;
  AT(int, out, oo)[at] = (int)(get_group_id(0) + 100 * get_group_id(1) + 10000 * get_group_id(2) +
                               1000000 * (get_local_id(0) + 10 * get_local_id(1) + 100 * get_local_id(2)));
}

__kernel void scalars(__global long *out, ulong oo, int a, long b, float c, long d) {
  __global long *o = AT(long, out, oo);
  o[0] = a;
  o[1] = b;
  o[2] = as_int(c);
  o[3] = d;
}

// n is as wide as an index of a module with 32-bit indices.
__kernel void narrow(__global int *out, ulong oo, int n, int m) {
  AT(int, out, oo)[0] = n;
  AT(int, out, oo)[1] = m;
}

__kernel __attribute__((reqd_work_group_size(8, 1, 1))) void reverse(__global int *x, ulong xo) {
  __local int tile[8];
  size_t i = get_local_id(0);
  tile[i] = AT(int, x, xo)[get_global_id(0)];
  barrier(CLK_LOCAL_MEM_FENCE);
  AT(int, x, xo)[get_global_id(0)] = tile[7 - i];
}

// Takes a while, and its result depends on every step.
__kernel void churn(__global uint *x, ulong xo, int steps) {
  uint value = AT(uint, x, xo)[get_global_id(0)];
  for (int i = 0; i < steps; ++i)
    value = value * 1664525u + 1013904223u;
  AT(uint, x, xo)[get_global_id(0)] = value;
}
