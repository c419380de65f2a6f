/* 01_vector_add: loads a package, launches its operator, checks the result. Usage: 01_vector_add [DEVICE] */
#include <stdio.h>
#include <stdlib.h>

#include "tenon/tenon.h"

#define CHECK(CALL)                                                                                                    \
  do {                                                                                                                 \
    if ((CALL) != tnSuccess) {                                                                                         \
      fprintf(stderr, "%s: %s\n", #CALL, tnGetLastErrorMessage());                                                     \
      return 1;                                                                                                        \
    }                                                                                                                  \
  } while (0)

int main(int argc, char **argv) {
  enum { n = 50000 };
  static float a[n], b[n], c[n];
  const size_t bytes = sizeof a;
  for (int i = 0; i < n; ++i) {
    a[i] = (float)i;
    b[i] = 0.5f * (float)i;
  }

  /* "host", "opencl:0", "vulkan:1", a part of a driver's name; without one, the best device there is. */
  if (argc > 1)
    CHECK(tnSetDeviceByName(argv[1]));
  tnModule_t module;
  tnOp_t op;
  CHECK(tnModuleLoad(&module, TENON_PACKAGE));
  CHECK(tnModuleGetOp(&op, module, "vector_add"));

  void *da, *db, *dc;
  CHECK(tnMalloc(&da, bytes));
  CHECK(tnMalloc(&db, bytes));
  CHECK(tnMalloc(&dc, bytes));
  CHECK(tnMemcpy(da, a, bytes, tnMemcpyHostToDevice));
  CHECK(tnMemcpy(db, b, bytes, tnMemcpyHostToDevice));

  int64_t sizes[] = {n};
  DLDataType f32 = {kDLFloat, 32, 1};
  DLTensor ta = tnTensor(da, f32, 1, sizes), tb = tnTensor(db, f32, 1, sizes), tc = tnTensor(dc, f32, 1, sizes);
  void *args[] = {&ta, &tb, &tc};
  CHECK(tnOpLaunch(op, args, 0));
  CHECK(tnMemcpy(c, dc, bytes, tnMemcpyDeviceToHost));

  for (int i = 0; i < n; ++i)
    if (c[i] != a[i] + b[i]) {
      fprintf(stderr, "c[%d] is %g, wanted %g\n", i, c[i], a[i] + b[i]);
      return 1;
    }
  int device;
  tnDeviceProp prop;
  CHECK(tnGetDevice(&device));
  CHECK(tnGetDeviceProperties(&prop, device));
  printf("%d sums right on %s (%s)\n", n, prop.id, prop.name);
  CHECK(tnFree(da));
  CHECK(tnFree(db));
  CHECK(tnFree(dc));
  CHECK(tnModuleUnload(module));
  return 0;
}
