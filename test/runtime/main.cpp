//===- main.cpp - host and null, and no driver of this machine -----------------------------------===//
#include <cstdlib>
#include <gtest/gtest.h>

int main(int argc, char **argv) {
  setenv("TENON_NULL_DEVICE", "1", 1);
  setenv("TENON_VISIBLE_DEVICES", "host,null", 1);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
