"""Tests of cmake/CountTests.py, by the JUnit files that ctest writes. Usage: count_tests_test.py FOLDER-OF-CountTests"""

import sys
import unittest
import xml.etree.ElementTree as tree

sys.path.insert(0, sys.argv.pop(1))
sys.dont_write_bytecode = True
from CountTests import countCase  # noqa: E402


def case(status, output="", skipped=None):
    text = f'<testcase status="{status}">'
    if skipped is not None:
        text += f'<skipped message="{skipped}"/>'
    return tree.fromstring(text + f"<system-out>{output}</system-out></testcase>")


GTEST = """[==========] 4 tests from 2 test suites ran. (3 ms total)
[  PASSED  ] 2 tests.
[  SKIPPED ] 1 test, listed below:
[  SKIPPED ] A.b
[  FAILED  ] 1 test, listed below:
[  FAILED  ] A.c

 1 FAILED TEST
"""
LIT = """Total Discovered Tests: 7
  Unsupported      : 1 (14.29%)
  Passed           : 4 (57.14%)
  Expectedly Failed: 1 (14.29%)
  Failed           : 1 (14.29%)
"""


class CountTests(unittest.TestCase):
    def testPlain(self):
        self.assertEqual(countCase(case("run")), (1, 0, 0))
        self.assertEqual(countCase(case("fail")), (0, 1, 0))
        self.assertEqual(countCase(case("disabled")), (0, 0, 1))

    def testNotRun(self):
        self.assertEqual(countCase(case("notrun", skipped="SKIP_REGULAR_EXPRESSION_MATCHED")), (0, 0, 1))
        self.assertEqual(countCase(case("notrun", skipped="Unable to find executable")), (0, 1, 0))
        self.assertEqual(countCase(case("notrun")), (0, 1, 0))

    def testGoogleTest(self):
        self.assertEqual(countCase(case("fail", GTEST)), (2, 1, 1))
        self.assertEqual(countCase(case("run", GTEST)), (2, 1, 1))

    def testLit(self):
        self.assertEqual(countCase(case("fail", LIT)), (5, 1, 1))

    def testCrashAfterCount(self):
        passed = "[==========] 1 test from 1 test suite ran. (3 ms total)\n[  PASSED  ] 1 test.\n"
        self.assertEqual(countCase(case("run", passed)), (1, 0, 0))
        self.assertEqual(countCase(case("fail", passed)), (1, 1, 0))


if __name__ == "__main__":
    unittest.main()
