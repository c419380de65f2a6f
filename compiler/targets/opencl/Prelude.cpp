//===- Prelude.cpp - the head of the text -----------------------------------===//
//
// Owns the text of the conversions; see Prelude.h.
//
//===------------------------------------------------------------------------===//
#include "Prelude.h"

namespace tenon::opencl {

std::string Prelude::call(std::set<unsigned> &widths, const char *function, unsigned width, const std::string &value) {
  widths.insert(width);
  return std::string(function) + (width == 1 ? "" : "_" + std::to_string(width)) + "(" + value + ")";
}

/// Replaces $N by the width (nothing for 1), $_ by the suffix of a function's name, $H by the type in memory that holds
/// a scalar or a vector of f16, and $L by what takes the value out of it. A vector may be looked at through any
/// pointer; a scalar ushort may not be looked at as half, so it lies in a vector of two.
static std::string instantiate(const char *pattern, unsigned width) {
  std::string result, number = width == 1 ? "" : std::to_string(width);
  for (const char *c = pattern; *c; ++c) {
    if (*c != '$') {
      result += *c;
      continue;
    }
    switch (*++c) {
    case 'N':
      result += number;
      break;
    case '_':
      result += width == 1 ? "" : "_" + number;
      break;
    case 'H':
      result += "ushort" + (width == 1 ? std::string("2") : number);
      break;
    case 'L':
      result += width == 1 ? ".s0" : "";
      break;
    }
  }
  return result;
}

std::string Prelude::getText() const {
  std::string text = "#pragma OPENCL FP_CONTRACT OFF\n";
  if (float64)
    text += "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n";
  if (int64Atomics)
    text += "#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable\n"
            "#pragma OPENCL EXTENSION cl_khr_int64_extended_atomics : enable\n";
  if (streamingStores)
    text += "\n// A store that goes past the caches, where the compiler has one.\n"
            "#ifdef __has_builtin\n"
            "#if __has_builtin(__builtin_nontemporal_store)\n"
            "#define TENON_STREAM(value, pointer) __builtin_nontemporal_store(value, pointer)\n"
            "#endif\n"
            "#endif\n"
            "#ifndef TENON_STREAM\n"
            "#define TENON_STREAM(value, pointer) (*(pointer) = (value))\n"
            "#endif\n";
  auto add = [&](const std::set<unsigned> &widths, const char *pattern) {
    for (unsigned width : widths)
      text += "\n" + instantiate(pattern, width);
  };
  add(float16ToFloat32, "static inline float$N tenon_f32_from_f16$_(ushort$N x) {\n"
                        "  $H half_bits = ($H)(x);\n"
                        "  return vload_half$N(0, (const __private half *)&half_bits);\n"
                        "}\n");
  add(float32ToFloat16, "static inline ushort$N tenon_f16_from_f32$_(float$N x) {\n"
                        "  $H half_bits = ($H)(0);\n"
                        "  vstore_half$N_rte(x, 0, (__private half *)&half_bits);\n"
                        "  return half_bits$L;\n"
                        "}\n");
  for (unsigned width : float32ToBfloat16)
    text +=
        "\n" + instantiate(width == 1 ? "static inline ushort tenon_bf16_from_f32(float x) {\n"
                                        "  uint bits = as_uint(x);\n"
                                        "  uint rounded = bits + 0x7fffu + ((bits >> 16) & 1u);\n"
                                        "  bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;\n"
                                        "  return (ushort)((is_nan ? bits | 0x400000u : rounded) >> 16);\n"
                                        "}\n"
                                      : "static inline ushort$N tenon_bf16_from_f32$_(float$N x) {\n"
                                        "  uint$N bits = as_uint$N(x);\n"
                                        "  uint$N rounded = bits + 0x7fffu + ((bits >> 16) & 1u);\n"
                                        "  int$N is_nan = (bits & 0x7fffffffu) > 0x7f800000u;\n"
                                        "  return convert_ushort$N(select(rounded, bits | 0x400000u, is_nan) >> 16);\n"
                                        "}\n",
                           width);
  for (unsigned width : float64ToOdd) {
    text += "\n// f64 to f32 such that a second rounding to a narrower type gives what a single one would: an inexact\n"
            "// result has an odd last bit.\n";
    text +=
        instantiate(width == 1 ? "static inline float tenon_f32_to_odd(double x) {\n"
                                 "  float nearest = (float)x;\n"
                                 "  double back = (double)nearest;\n"
                                 "  uint bits = as_uint(nearest);\n"
                                 "  bool inexact = (back < x || back > x) && (bits & 1u) == 0u;\n"
                                 "  uint moved = fabs(back) > fabs(x) ? bits - 1u : bits + 1u;\n"
                                 "  return as_float(inexact ? moved : bits);\n"
                                 "}\n"
                               : "static inline float$N tenon_f32_to_odd$_(double$N x) {\n"
                                 "  float$N nearest = convert_float$N(x);\n"
                                 "  double$N back = convert_double$N(nearest);\n"
                                 "  uint$N bits = as_uint$N(nearest);\n"
                                 "  int$N inexact = convert_int$N((back < x) | (back > x)) & ((bits & 1u) == 0u);\n"
                                 "  uint$N moved = select(bits + 1u, bits - 1u, convert_int$N(fabs(back) > fabs(x)));\n"
                                 "  return as_float$N(select(bits, moved, inexact));\n"
                                 "}\n",
                    width);
  }
  return text;
}

std::vector<std::string> Prelude::getEmulations() const {
  std::vector<std::string> result;
  if (bfloat16)
    result.push_back("bf16 conversion in 32-bit integer arithmetic");
  if (!float64ToOdd.empty())
    result.push_back("f64 to f16 or bf16 by way of f32 rounded to odd");
  return result;
}

} // namespace tenon::opencl
