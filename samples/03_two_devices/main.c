/* 03_two_devices: one package, one program, two devices at once; the results are compared.
 * Usage: 03_two_devices [DEVICE]; without one, the best device that is not host. */
#include <math.h>
#include <stdio.h>

#include "tenon/tenon.h"

#define CHECK(CALL)                                                                                                    \
  do {                                                                                                                 \
    if ((CALL) != tnSuccess) {                                                                                         \
      fprintf(stderr, "%s: %s\n", #CALL, tnGetLastErrorMessage());                                                     \
      return 1;                                                                                                        \
    }                                                                                                                  \
  } while (0)

enum { rows = 300, columns = 1001, count = rows * columns };

/* What the work on one device needs from its start to its end. */
typedef struct Work {
  tnDeviceProp prop;
  int device;
  tnModule_t module;
  tnStream_t stream;
  void *x, *y;
} Work;

/* Queues copy, launch and nothing that waits: both devices work at the same time. */
static int start(Work *work, int device, const float *x) {
  int64_t sizes[] = {rows, columns};
  DLDataType f32 = {kDLFloat, 32, 1};
  tnOp_t op;
  work->device = device;
  CHECK(tnSetDevice(device));
  CHECK(tnGetDeviceProperties(&work->prop, device));
  CHECK(tnStreamCreate(&work->stream));
  CHECK(tnModuleLoad(&work->module, TENON_PACKAGE)); /* for the current device */
  CHECK(tnModuleGetOp(&op, work->module, "softmax"));
  CHECK(tnMalloc(&work->x, count * sizeof(float)));
  CHECK(tnMalloc(&work->y, count * sizeof(float)));
  CHECK(tnMemcpyAsync(work->x, x, count * sizeof(float), tnMemcpyHostToDevice, work->stream));
  DLTensor tx = tnTensor(work->x, f32, 2, sizes), ty = tnTensor(work->y, f32, 2, sizes);
  void *args[] = {&tx, &ty};
  CHECK(tnOpLaunch(op, args, work->stream));
  return 0;
}

static int finish(Work *work, float *y) {
  CHECK(tnSetDevice(work->device));
  CHECK(tnMemcpyAsync(y, work->y, count * sizeof(float), tnMemcpyDeviceToHost, work->stream));
  CHECK(tnStreamSynchronize(work->stream));
  CHECK(tnFree(work->x));
  CHECK(tnFree(work->y));
  CHECK(tnModuleUnload(work->module));
  CHECK(tnStreamDestroy(work->stream));
  return 0;
}

/* The number of the best device that is not host; -1 if there is none. */
static int otherDevice(int host) {
  int devices = 0;
  if (tnGetDeviceCount(&devices) != tnSuccess)
    return -1;
  for (int device = 0; device < devices; ++device)
    if (device != host)
      return device;
  return -1;
}

int main(int argc, char **argv) {
  int host, other;
  CHECK(tnGetDeviceByName(&host, "host"));
  if (argc > 1) {
    CHECK(tnGetDeviceByName(&other, argv[1]));
  } else {
    other = otherDevice(host);
  }
  if (other < 0) {
    fprintf(stderr, "there is no device beside host to compare with; tenon-info says what was left out\n");
    return 1;
  }
  if (other == host) {
    fprintf(stderr, "host is one of the two already; name another device\n");
    return 1;
  }

  static float x[count], ya[count], yb[count];
  for (int i = 0; i < count; ++i)
    x[i] = 10.0f * sinf((float)i);

  Work a, b;
  if (start(&a, host, x) || start(&b, other, x) || finish(&a, ya) || finish(&b, yb))
    return 1;
  float largest = 0;
  for (int i = 0; i < count; ++i) {
    float difference = fabsf(ya[i] - yb[i]);
    if (!(difference <= largest)) /* true for NaN as well */
      largest = difference;
  }
  printf("%s (%s) and %s (%s): largest difference %g\n", a.prop.id, a.prop.name, b.prop.id, b.prop.name, largest);
  return largest <= 1e-5f ? 0 : 1;
}
