//===- Coefficients.h - tables of the math functions -------------------------===//
//
// Written by gen_coefficients.py. Owns the polynomial coefficients (lowest first; a bound is the error relative to the
// whole function) and the constants split in a high and a low part. Does not own their use: MathFunctions.cpp.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <cstdint>

namespace tenon::coefficients {
// clang-format off

// (e^r - 1 - r) / r^2; degree 5, error 2^-32.0
inline constexpr double expQ32[] = {0x1.0000000000000p-1, 0x1.5555560000000p-3, 0x1.5554ac0000000p-5, 0x1.11108e0000000p-7, 0x1.6d75dc0000000p-10, 0x1.a1a30e0000000p-13};
// (e^r - 1 - r) / r^2; degree 10, error 2^-61.7
inline constexpr double expQ64[] = {0x1.0000000000000p-1, 0x1.5555555555559p-3, 0x1.555555555555ap-5, 0x1.111111110f647p-7, 0x1.6c16c16c1438fp-10, 0x1.a01a01b0138a5p-13, 0x1.a01a01b0f094fp-16, 0x1.71ddf7d29960ap-19, 0x1.27e4c528ef314p-22, 0x1.af5fb35dc9314p-26, 0x1.1f96198a47eddp-29};
// (e^r - 1 - r) / r^2, for e^r; degree 4, error 2^-28.3
inline constexpr double expFastQ32[] = {0x1.fffffc0000000p-2, 0x1.5554900000000p-3, 0x1.5558f80000000p-5, 0x1.123b020000000p-7, 0x1.6a22880000000p-10};
// (e^r - 1 - r) / r^2, for e^r; degree 9, error 2^-57.9
inline constexpr double expFastQ64[] = {0x1.000000000000ap-1, 0x1.55555555554f8p-3, 0x1.5555555550754p-5, 0x1.111111112814ap-7, 0x1.6c16c1846fe24p-10, 0x1.a01a0129088c1p-13, 0x1.a01999441328cp-16, 0x1.71df270b7ee0fp-19, 0x1.28ae34aba89aap-22, 0x1.ad7ea53e4ca85p-26};
// (e^r - 1 - r) / r^2 up to ln2, for e^r; degree 5, error 2^-29.3
inline constexpr double expWideQ32[] = {0x1.fffffc0000000p-2, 0x1.5555820000000p-3, 0x1.55584a0000000p-5, 0x1.10d9e00000000p-7, 0x1.6ac4c60000000p-10, 0x1.e7c0f00000000p-13};
// (2^r - 1) / r; degree 5, error 2^-28.9
inline constexpr double exp2Q32[] = {0x1.62e4300000000p-1, 0x1.ebfbdc0000000p-3, 0x1.c6aee60000000p-5, 0x1.3b2d520000000p-7, 0x1.5f400e0000000p-10, 0x1.41faac0000000p-13};
// (2^r - 1) / r; degree 10, error 2^-58.0
inline constexpr double exp2Q64[] = {0x1.62e42fefa39efp-1, 0x1.ebfbdff82c5a5p-3, 0x1.c6b08d7049fe4p-5, 0x1.3b2ab6fb9ffddp-7, 0x1.5d87fe78ce0abp-10, 0x1.4309130f1d835p-13, 0x1.ffcbfba76fbc5p-17, 0x1.62bfc6e44ef95p-20, 0x1.b5267f5efcfefp-24, 0x1.e61ca23ac1410p-28, 0x1.e79a938ddf30ap-32};
// (log(1+f) - f + f^2/2) / f^3; degree 8, error 2^-30.4
inline constexpr double logP32[] = {0x1.5555460000000p-2, -0x1.ffffee0000000p-3, 0x1.99a5460000000p-3, -0x1.5562e40000000p-3, 0x1.2332b00000000p-3, -0x1.fb430c0000000p-4, 0x1.e651700000000p-4, -0x1.e2eade0000000p-4, 0x1.1b426e0000000p-4};
// (2 atanh(s)/s - 2 - 2/3 z) / z^2, z = s^2; degree 2, error 2^-36.8
inline constexpr double logQ32[] = {0x1.999a000000000p-2, 0x1.24528c0000000p-2, 0x1.df9f860000000p-3};
// (2 atanh(s)/s - 2 - 2/3 z) / z^2, z = s^2; degree 6, error 2^-66.3
inline constexpr double logQ64[] = {0x1.9999999999b31p-2, 0x1.2492492457b44p-2, 0x1.c71c722d976ffp-3, 0x1.745ce9d1da418p-3, 0x1.3b1eef515a535p-3, 0x1.0f7f9a99303c2p-3, 0x1.0e45a1b669d7ap-3};
// (sin t - t) / t^3 in z = t^2; degree 2, error 2^-28.1
inline constexpr double sinP32[] = {-0x1.5555460000000p-3, 0x1.1107600000000p-7, -0x1.994e5a0000000p-13};
// (sin t - t) / t^3 in z = t^2; degree 5, error 2^-58.0
inline constexpr double sinP64[] = {-0x1.5555555555549p-3, 0x1.111111110f87ap-7, -0x1.a01a019c11990p-13, 0x1.71de3577b4e8ap-19, -0x1.ae5e6638965ebp-26, 0x1.5d93004970b69p-33};
// (cos t - 1 + z/2) / z^2, z = t^2; degree 2, error 2^-33.3
inline constexpr double cosP32[] = {0x1.55554a0000000p-5, -0x1.6c0c8a0000000p-10, 0x1.9a02160000000p-16};
// (cos t - 1 + z/2) / z^2, z = t^2; degree 5, error 2^-64.2
inline constexpr double cosP64[] = {0x1.555555555554cp-5, -0x1.6c16c16c1517ep-10, 0x1.a01a019cb1bf4p-16, -0x1.27e4f809f172fp-22, 0x1.1ee9ebe983a11p-29, -0x1.8fae9c87de470p-37};
// (atan t - t) / t^3 in z = t^2; degree 4, error 2^-30.5
inline constexpr double atanP32[] = {-0x1.55554a0000000p-2, 0x1.9991a60000000p-3, -0x1.23b6380000000p-3, 0x1.b1fa220000000p-4, -0x1.f22b3e0000000p-5};
// (atan t - t) / t^3 in z = t^2; degree 10, error 2^-59.5
inline constexpr double atanP64[] = {-0x1.555555555553dp-2, 0x1.9999999995862p-3, -0x1.24924922ad94dp-3, 0x1.c71c70e630aa0p-4, -0x1.745cf8e00cb95p-4, 0x1.3b11194da4f4bp-4, -0x1.10ebb97973d67p-4, 0x1.df0f4ba22aa78p-5, -0x1.9cd26bec3ac12p-5, 0x1.37d3fc4341df9p-5, -0x1.2564d35c8f8ddp-6};
// (asin t - t) / t^3 in z = t^2; degree 4, error 2^-27.6
inline constexpr double asinP32[] = {0x1.5555ca0000000p-3, 0x1.3301360000000p-4, 0x1.748eec0000000p-5, 0x1.8b87700000000p-6, 0x1.59f3380000000p-5};
// (asin t - t) / t^3 in z = t^2; degree 12, error 2^-59.8
inline constexpr double asinP64[] = {0x1.5555555555578p-3, 0x1.333333332df07p-4, 0x1.6db6db722bf21p-5, 0x1.f1c71a8b7064cp-6, 0x1.6e8bdfead18bep-6, 0x1.1c49ddbe4ba1cp-6, 0x1.ca2149f35b6abp-7, 0x1.757763344ab2ap-7, 0x1.618b90cde91f6p-7, 0x1.e14faeb76d19bp-9, 0x1.65053d9a5db51p-6, -0x1.59fabbdb7e760p-6, 0x1.0be59e9213f58p-5};
// (erf(x) - x) / x in z = x^2, x <= 1; degree 6, error 2^-29.7
inline constexpr double erfP32[] = {0x1.06eba80000000p-3, -0x1.81273e0000000p-2, 0x1.ce2d200000000p-4, -0x1.b7fbb40000000p-6, 0x1.5419f20000000p-8, -0x1.a485d00000000p-11, 0x1.4ae4840000000p-14};
// (erf(x) - x) / x in z = x^2, x <= 1; degree 13, error 2^-68.7
inline constexpr double erfP64[] = {0x1.06eba8214db69p-3, -0x1.812746b0379e7p-2, 0x1.ce2f21a042bdep-4, -0x1.b82ce312889c2p-6, 0x1.565bcd0e6518ep-8, -0x1.c02db3fef00b1p-11, 0x1.f9a326c2d745cp-14, -0x1.f4d25629eb8eap-17, 0x1.b9e6518ba760dp-20, -0x1.5f6d9ca5f5a6cp-23, 0x1.fc43eee188a37p-27, -0x1.4e6354722e8bdp-30, 0x1.7f16fb04c4a38p-34, -0x1.29e0f3aa5ca14p-38};
// log(erfc(x)), absolute error of 1 - exp; degree 7, error 2^-35.5
inline constexpr double erfL32[] = {0x1.8a53840000000p-13, -0x1.212c0c0000000p+0, -0x1.44356a0000000p-1, -0x1.bc15020000000p-4, 0x1.9d02d40000000p-6, -0x1.138c740000000p-8, 0x1.cec51a0000000p-12, -0x1.6bd6aa0000000p-16};
// log(erfc(x)), absolute error of 1 - exp; degree 19, error 2^-62.4
inline constexpr double erfL64[] = {-0x1.f9170f930a021p-26, -0x1.20dd70863afdbp+0, -0x1.45f329c3b0e1cp-1, -0x1.a4f2c43103815p-4, 0x1.3962cec8f11d7p-6, 0x1.a9d155c295ac2p-13, -0x1.b74f80aa5ccbap-10, 0x1.22048b33440e5p-11, 0x1.6752a682df318p-16, -0x1.cf32bb4ca2353p-14, 0x1.0eee7134e8bdap-14, -0x1.9648c07518c33p-16, 0x1.c5f3dd2f1fc84p-18, -0x1.893795ec87039p-20, 0x1.096dd1232f7ddp-22, -0x1.135aaf28cb4bdp-25, 0x1.a915dcbbe3e9dp-29, -0x1.cc631096ae071p-33, 0x1.3835767efd204p-37, -0x1.8eef6c99270bep-43};
// (1 + 2x) e^(x^2) erfc(x) in (x-4)/(x+4); degree 11, error 2^-30.3
inline constexpr double erfcxP32[] = {0x1.3ba5920000000p+0, -0x1.1df1ae0000000p-3, 0x1.f7f5a60000000p-7, 0x1.16edc20000000p-4, -0x1.9dd9b00000000p-4, 0x1.7fe2120000000p-4, -0x1.0fcb0e0000000p-4, 0x1.30e6ea0000000p-5, -0x1.0684bc0000000p-6, 0x1.4b14ac0000000p-8, -0x1.27bcc00000000p-10, -0x1.4f25600000000p-11};
// (1 + 2x) e^(x^2) erfc(x) in (x-4)/(x+4); degree 24, error 2^-61.3
inline constexpr double erfcxP64[] = {0x1.3ba5916e9fd7fp+0, -0x1.1df1ad154a28fp-3, 0x1.f7f5df66fd7d6p-7, 0x1.16ecefcfa53f8p-4, -0x1.9ddb23c3e91cfp-4, 0x1.7fee004e114dep-4, -0x1.0fb06dfe478edp-4, 0x1.3079edf6ab38dp-5, -0x1.0962388574675p-6, 0x1.49c672781486ep-8, -0x1.8d4a9982b011dp-11, -0x1.a1df194d2e6a7p-13, 0x1.3be03540d3a49p-13, -0x1.995af7e6f5f0dp-16, -0x1.788314fca1120p-17, 0x1.7f3d11f759cb3p-18, 0x1.39320dbf44857p-22, -0x1.bc5586cae49f5p-21, 0x1.4ac595e81e304p-24, 0x1.e5f9de6bcf10dp-24, -0x1.488435fe99067p-26, -0x1.1c0a3ef6b5e77p-26, 0x1.d67923fa397d6p-30, 0x1.1ea06944e974ap-29, 0x1.370e46d3922dbp-32};
// cube root on [1, 2]; degree 3, error 2^-13.6
inline constexpr double cbrtP32[] = {0x1.1b84f20000000p-1, 0x1.2b97860000000p-1, -0x1.4af94e0000000p-3, 0x1.75917c0000000p-6};
// cube root on [1, 2]; degree 4, error 2^-16.6
inline constexpr double cbrtP64[] = {0x1.03ebf20370fd6p-1, 0x1.6eb492a365d41p-1, -0x1.31c298156f93fp-2, 0x1.5cdee47c998a5p-4, -0x1.566f15077475cp-7};

// Split constants: the first has trailing zeros, so that its product with a small integer is exact.
inline constexpr double ln232[] = {0x1.62e4000000000p-1, 0x1.7f7d1c0000000p-20};
inline constexpr double ln264[] = {0x1.62e42fefa3000p-1, 0x1.3de6af278ece6p-42};
// Double-word constants.
inline constexpr double invLn232[] = {0x1.7154760000000p+0, 0x1.4ae0c00000000p-26};
inline constexpr double invLn264[] = {0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56};
inline constexpr double invLn1032[] = {0x1.bcb7b20000000p-2, -0x1.5b235e0000000p-27};
inline constexpr double invLn1064[] = {0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};
inline constexpr double halfPi32[] = {0x1.921fb60000000p+0, -0x1.777a5c0000000p-25};
inline constexpr double halfPi64[] = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};
inline constexpr double quarterPi32[] = {0x1.921fb60000000p-1, -0x1.777a5c0000000p-26};
inline constexpr double quarterPi64[] = {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55};
inline constexpr double threeQuarterPi32[] = {0x1.2d97c80000000p+1, -0x1.99bc5c0000000p-28};
inline constexpr double threeQuarterPi64[] = {0x1.2d97c7f3321d2p+1, 0x1.a79394c9e8a0ap-54};
inline constexpr double pi32[] = {0x1.921fb60000000p+1, -0x1.777a5c0000000p-24};
inline constexpr double pi64[] = {0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};
inline constexpr double twoThirds32[] = {0x1.5555560000000p-1, -0x1.5555560000000p-26};
inline constexpr double twoThirds64[] = {0x1.5555555555555p-1, 0x1.5555555555555p-55};

// 2/pi as a bit stream that begins with a word and 2 bits of zeros: see Trigonometry.cpp.
inline constexpr uint64_t twoOverPi32[] = {0x0, 0x28be60db, 0x9391054a, 0x7f09d5f4, 0x7d4d3770, 0x36d8a566, 0x4f10e410, 0x7f9458ea};
inline constexpr uint64_t twoOverPi64[] = {0x0, 0x28be60db9391054a, 0x7f09d5f47d4d3770, 0x36d8a5664f10e410, 0x7f9458eaf7aef158, 0x6dc91b8e909374b8, 0x1924bba82746487, 0x3f877ac72c4a69cf, 0xba208d7d4baed121, 0x3a671c09ad17df90, 0x4e64758e60d4ce7d, 0x272117e2ef7e4a0e, 0xc7fe25fff7816603, 0xfbcbc462d6829b47, 0xdb4d9fb3c9f2c26d, 0xd3d18fd9a797fa8b, 0x5d49eeb1faf97c5e, 0xcf41ce7de294a4ba, 0x9afed7ec47e35742, 0x1580cc11bf1edaea};

// clang-format on
} // namespace tenon::coefficients
