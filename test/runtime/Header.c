/* tenon.h alone, as strict C99 and C11 (and as C++17 by Header17.cpp): compiled with -Wpedantic -Werror. */
#include "tenon/tenon.h"

int useOfHeader(void) {
  int64_t sizes[2] = {2, 3};
  DLDataType type = {kDLFloat, 32, 1};
  DLTensor tensor = tnTensor(NULL, type, 2, sizes);
  tnDim3 grid = {1, 1, 1};
  tnError error = tnErrorInvalidValue;
  return tensor.ndim + (int)grid.x + (int)error;
}
