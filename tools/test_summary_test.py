import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import test_summary

MIXED = """<testsuite><testcase name="a" status="run"/><testcase name="b"><failure/></testcase>
<testcase name="c"><skipped message="no model"/></testcase></testsuite>"""
PASSED = """<testsuites><testsuite><testcase name="a"/><testcase name="b"/></testsuite></testsuites>"""
NOT_BUILT = """<testsuite><testcase name="a"><skipped message="Unable to find executable: x"/></testcase></testsuite>"""


class TestSummaryTest(unittest.TestCase):
    def summary(self, **parts):
        """parts: name=(exit status, JUnit text or None). Returns (exit status, last line)."""
        with tempfile.TemporaryDirectory() as folder:
            for name, (status, xml) in parts.items():
                Path(folder, name + ".status").write_text(f"{status}\n")
                if xml is not None:
                    Path(folder, name + ".xml").write_text(xml)
            with contextlib.redirect_stdout(io.StringIO()) as out:
                status = test_summary.main(folder)
        return status, out.getvalue().splitlines()[-1]

    def test_adds_up_parts(self):
        self.assertEqual(self.summary(ctest=(0, PASSED), e2e=(0, PASSED)), (0, "4 passed, 0 failed"))

    def test_counts_skipped_tests_neither_way(self):
        self.assertEqual(self.summary(ctest=(8, MIXED), e2e=(0, PASSED)), (1, "3 passed, 1 failed"))

    def test_counts_a_part_that_broke_as_one_failure(self):
        self.assertEqual(self.summary(ctest=(1, None), e2e=(0, PASSED)), (1, "2 passed, 1 failed"))
        self.assertEqual(self.summary(ctest=(1, "<testsu"), e2e=(0, PASSED)), (1, "2 passed, 1 failed"))
        self.assertEqual(self.summary(ctest=(1, PASSED)), (1, "2 passed, 1 failed"))

    def test_counts_a_test_whose_program_was_not_built_as_failed(self):
        self.assertEqual(self.summary(ctest=(8, NOT_BUILT)), (1, "0 passed, 1 failed"))

    def test_fails_when_nothing_ran(self):
        self.assertEqual(self.summary(), (1, "0 passed, 0 failed"))


if __name__ == "__main__":
    unittest.main()
