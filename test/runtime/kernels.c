/* Host kernels of the tests, by the ABI of docs/design/kernel-ir.md. The runtime loads them as a package's code. */
#include <stdint.h>

typedef const void *const *Args;
#define KERNEL(NAME) __attribute__((visibility("default"))) void NAME(Args a, int64_t gx, int64_t gy, int64_t gz)
#define INDEX(N) (*(const int64_t *)a[N])

/* Groups of 64 elements. */
#define ADD(NAME, T)                                                                                                   \
  KERNEL(NAME) {                                                                                                       \
    const T *x = a[0], *y = a[1];                                                                                      \
    T *z = (T *)a[2];                                                                                                  \
    int64_t n = INDEX(3), end = gx * 64 + 64 < n ? gx * 64 + 64 : n;                                                   \
    for (int64_t i = gx * 64; i < end; ++i)                                                                            \
      z[i] = x[i] + y[i];                                                                                              \
  }
ADD(add_f32, float)
ADD(add_i32, int32_t)

/* One group a row. */
KERNEL(matmul_f32) {
  const float *x = a[0], *y = a[1];
  float *z = (float *)a[2];
  int64_t k = INDEX(4), n = INDEX(5);
  for (int64_t j = 0; j < n; ++j) {
    float sum = 0;
    for (int64_t p = 0; p < k; ++p)
      sum += x[gx * k + p] * y[p * n + j];
    z[gx * n + j] = sum;
  }
}

/* Grid (d, rows): y[r, i] = x[r, i] * s. */
KERNEL(scale_f32) {
  int64_t d = INDEX(2);
  ((float *)a[1])[gy * d + gx] = ((const float *)a[0])[gy * d + gx] * *(const float *)a[3];
}

/* w = x, then `count` times w[i] += step, then y = w. */
KERNEL(copy_f32) { ((float *)a[1])[gx] = ((const float *)a[0])[gx]; }
KERNEL(step_f32) { ((float *)a[0])[gx] += (float)INDEX(1); }

KERNEL(gather_f32) {
  const float *x = a[0];
  const int32_t *ids = a[1];
  int32_t *fault = (int32_t *)a[3];
  int64_t v = INDEX(4);
  int32_t id = ids[gx];
  if (id < 0 || id >= v)
    *fault = 1 + (id >= v);
  else
    ((float *)a[2])[gx] = x[id];
}

/* All scalars as they arrive, to doubles. */
KERNEL(scalars) {
  double *out = (double *)a[0];
  for (int i = 0; i < 7; ++i)
    out[i] = *(const int32_t *)a[1 + i];
  out[7] = (double)*(const int64_t *)a[8];
  out[8] = (double)*(const uint64_t *)a[9];
  out[9] = *(const float *)a[10];
  out[10] = *(const float *)a[11];
  out[11] = *(const float *)a[12];
  out[12] = *(const double *)a[13];
}

/* c = !b */
KERNEL(not_bool) { ((uint8_t *)a[1])[gx] = !((const uint8_t *)a[0])[gx]; }

/* Writes its group's number, for what the grid looks like. */
KERNEL(groups) { ((int64_t *)a[0])[(gz * INDEX(2) + gy) * INDEX(1) + gx] = gx + 1000 * gy + 1000000 * gz; }

/* Touches nothing, whatever its arguments. */
KERNEL(nothing) {}
