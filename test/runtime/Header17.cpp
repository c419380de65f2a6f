/* tenon.h alone, as C++17. */
#include "Header.c"
