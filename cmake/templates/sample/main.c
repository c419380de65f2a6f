/* @NAME@: say in one line what this sample shows. Usage: @NAME@ [DEVICE] */
#include <stdio.h>

#include "tenon/tenon.h"

#define CHECK(CALL)                                                                                                    \
  do {                                                                                                                 \
    if ((CALL) != tnSuccess) {                                                                                         \
      fprintf(stderr, "%s: %s\n", #CALL, tnGetLastErrorMessage());                                                     \
      return 1;                                                                                                        \
    }                                                                                                                  \
  } while (0)

int main(int argc, char **argv) {
  float x[4] = {1, 2, 3, 4}, y[4];
  if (argc > 1)
    CHECK(tnSetDeviceByName(argv[1]));
  tnModule_t module;
  tnOp_t op;
  CHECK(tnModuleLoad(&module, TENON_PACKAGE));
  CHECK(tnModuleGetOp(&op, module, "twice"));

  void *dx, *dy;
  CHECK(tnMalloc(&dx, sizeof x));
  CHECK(tnMalloc(&dy, sizeof y));
  CHECK(tnMemcpy(dx, x, sizeof x, tnMemcpyHostToDevice));
  int64_t sizes[] = {4};
  DLDataType f32 = {kDLFloat, 32, 1};
  DLTensor tx = tnTensor(dx, f32, 1, sizes), ty = tnTensor(dy, f32, 1, sizes);
  void *args[] = {&tx, &ty};
  CHECK(tnOpLaunch(op, args, 0));
  CHECK(tnMemcpy(y, dy, sizeof y, tnMemcpyDeviceToHost));
  for (int i = 0; i < 4; ++i)
    if (y[i] != 2 * x[i]) {
      fprintf(stderr, "y[%d] is %g, wanted %g\n", i, y[i], 2 * x[i]);
      return 1;
    }
  printf("%g %g %g %g\n", y[0], y[1], y[2], y[3]);
  CHECK(tnFree(dx));
  CHECK(tnFree(dy));
  CHECK(tnModuleUnload(module));
  return 0;
}
