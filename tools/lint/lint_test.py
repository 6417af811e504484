import unittest

import cpp_text
import rules
from layers import Layers

LAYERS = Layers.parse("""
[folders]
base:
net:          # bytes
kube/core:
kube/client: kube/core net
cmd: *
[libraries]
boost/asio boost/beast: net/*.cc
curl: net/*.cc
regex:
""")


def messages(path, text):
    return [f.message for f in rules.check_cpp(path, text)]


def layer_messages(path, text):
    return [f.message for f in LAYERS.check(path, cpp_text.includes(text), lambda p: "missing" not in p)]


class LayersTest(unittest.TestCase):
    def test_lets_a_folder_include_itself_base_and_what_its_line_names(self):
        for included in ("kube/client/api.h", "base/error.h", "kube/core/object.h", "net/url.h"):
            self.assertEqual(layer_messages("kube/client/a.cc", f'#include "{included}"\n'), [])

    def test_refuses_an_include_upwards_and_says_what_is_allowed(self):
        [message] = layer_messages("kube/core/a.h", '#include "net/url.h"\n')
        self.assertEqual(message, "kube/core may not include net (LAYERS allows: base kube/core)")

    def test_lets_cmd_include_everything(self):
        self.assertEqual(layer_messages("cmd/main.cc", '#include "kube/client/api.h"\n'), [])

    def test_refuses_a_path_that_is_not_from_src(self):
        [message] = layer_messages("net/a.cc", '#include "missing.h"\n')
        self.assertIn("write the path from src/", message)

    def test_refuses_a_folder_without_a_line(self):
        [message] = layer_messages("extra/a.h", "")
        self.assertIn("has no line in LAYERS", message)

    def test_keeps_a_library_to_its_files(self):
        for header in ("boost/asio.hpp", "boost/asio/ip/tcp.hpp", "boost/beast/http.hpp", "curl/curl.h"):
            self.assertEqual(layer_messages("net/a.cc", f"#include <{header}>\n"), [])
            self.assertEqual(len(layer_messages("net/a.h", f"#include <{header}>\n")), 1, header)
            self.assertEqual(len(layer_messages("cmd/a.cc", f"#include <{header}>\n")), 1, header)

    def test_keeps_a_library_out_of_the_whole_tree(self):
        self.assertEqual(layer_messages("net/a.cc", "#include <regex>\n"), ["<regex> is included only in: nowhere (LAYERS)"])

    def test_does_not_take_a_longer_name_for_the_library(self):
        self.assertEqual(layer_messages("cmd/a.cc", "#include <boost/asio_other.hpp>\n#include <curly.h>\n"), [])

    def test_sees_no_include_in_comments_and_strings(self):
        text = '// #include "kube/core/x.h"\n/*\n#include "kube/core/x.h"\n*/\nauto s = R"(\n#include "kube/core/x.h"\n)";\n'
        self.assertEqual(layer_messages("net/a.cc", text), [])

    def test_refuses_a_file_it_cannot_read(self):
        with self.assertRaisesRegex(ValueError, "LAYERS:2: expected `name: names`"):
            Layers.parse("[folders]\nbase\n")
        with self.assertRaisesRegex(ValueError, "net may include kube, which is not a folder"):
            Layers.parse("[folders]\nnet: kube\n")


class BansTest(unittest.TestCase):
    BAD = (
        "std::thread t(f);", "std::jthread t(f);", "std::mutex mutex_;", "std::condition_variable ready_;",
        "std::this_thread::sleep_for(1s);", "::sleep(1);", "usleep(1);", "auto now = std::chrono::system_clock::now();",
        "auto now = steady_clock::now();", "auto now = time(nullptr);", "std::random_device seed;", "int n = rand();",
        "std::mt19937_64 engine;", 'auto home = getenv("HOME");', 'auto home = std::getenv("HOME");',
        'system("ls");', 'std::system("ls");', 'FILE* p = popen("ls", "r");', "pid_t pid = fork();",
        "std::cout << 1;", 'printf("x");', 'fmt::print("x");', "assert(x > 0);", "std::regex pattern;",
        "nlohmann::json value;", "boost::json::value value;", "thread_local int depth;", "asio::detached",
        "int n = std::stoi(text);", "int n = atoi(text);",
    )
    GOOD = (
        "clock.now();", "static_assert(x > 0);", "HOLMES_ASSERT(x > 0);", "co_await loop.sleep(1s, stop);",
        "std::system_error error;", "file_system(path);", "runner.system(x);", "Duration time(int part);",
        "operand(1);", "snprintf(buffer, sizeof buffer, format);", "// std::mutex\n", 'log("std::cout");',
        "undetached_count", "getenv_like();",
    )

    def test_refuses_each_banned_call_and_names_what_to_do(self):
        for line in self.BAD:
            found = messages("src/operator/a.cc", line + "\n")
            self.assertEqual(len(found), 1, f"{line}: {found}")
            self.assertIn("is banned here: ", found[0])

    def test_lets_look_alikes_pass(self):
        for line in self.GOOD:
            self.assertEqual(messages("src/operator/a.cc", line + "\n"), [], line)

    def test_lets_the_owners_use_the_real_thing(self):
        self.assertEqual(messages("src/async/real_clock.cc", "return steady_clock::now();\n"), [])
        self.assertEqual(messages("src/cmd/operator.cc", 'auto url = getenv("HOLMES_API_URL");\n'), [])

    def test_refuses_a_sleep_in_tests_too(self):
        self.assertEqual(len(messages("tests/a.cc", "std::this_thread::sleep_for(1s);\n")), 1)

    def test_reports_the_line(self):
        [finding] = rules.check_cpp("src/a.cc", '/* 1\n2 */\nauto s = "\\"";\nint n = rand();\n')
        self.assertEqual(str(finding), "src/a.cc:4: `rand(` is banned here: take a Random")


class CoroutineLambdaTest(unittest.TestCase):
    def lines(self, text):
        return list(cpp_text.capturing_lambda_coroutines(text))

    def test_refuses_a_coroutine_that_captures(self):
        self.assertEqual(self.lines("scope.spawn([this] { co_await run(); });\n"), [1])
        self.assertEqual(self.lines("\nauto f = [&, n = 1](int a, F<void()> g) mutable -> Task<int> {\n  co_return 1;\n};\n"), [2])

    def test_lets_a_coroutine_without_captures_and_a_plain_lambda_pass(self):
        self.assertEqual(self.lines("auto f = [](Loop& loop) -> Task<> { co_await loop.turn(); };\n"), [])
        self.assertEqual(self.lines("auto f = [this] { return x_; };\nco_await f();\n"), [])

    def test_tells_the_outer_lambda_from_the_inner(self):
        self.assertEqual(self.lines("auto f = [&] {\n  return run([](int n) -> Task<> { co_return; });\n};\n"), [])
        self.assertEqual(self.lines("auto f = [] {\n  return run([&](int n) -> Task<> { co_return; });\n};\n"), [2])

    def test_takes_no_subscript_or_attribute_for_a_lambda(self):
        self.assertEqual(self.lines("[[nodiscard]] Task<> run() { co_return; }\n"), [])
        self.assertEqual(self.lines("Task<> f() { for (auto& [k, v] : map[i]) { co_await v; } }\n"), [])
        self.assertEqual(self.lines("Task<> f() { if (flags[i]) { co_await v; } }\n"), [])


class SizesTest(unittest.TestCase):
    def test_counts_a_function_from_its_first_line_to_its_brace(self):
        text = ("namespace a {\nclass B {\n public:\n  int f(int n,\n        int m) const {\n    return n;\n  }\n};\n"
                "B::B(int n)\n    : n_{n},\n      m_{n} {\n  g();\n}\n"
                "constexpr Row kRows[] = {\n    {f(1)},\n    {f(2)},\n};\n}\n")
        self.assertEqual([(f.line, f.lines) for f in cpp_text.functions(text)], [(4, 4), (9, 5)])

    def test_is_not_confused_by_braces_in_parameters_directives_and_literals(self):
        text = ("#define OPEN {\nvoid f(Options o = {}) {\n  char c = '{';\n  g([] { return 1'000; });\n}\n"
                'int g() {\n  return h("}");\n}\n')
        self.assertEqual([(f.line, f.lines) for f in cpp_text.functions(text)], [(2, 4), (6, 3)])

    def test_refuses_long_functions_files_and_lines(self):
        body = "".join(f"  g({n});\n" for n in range(rules.MAX_FUNCTION_LINES - 2))
        self.assertEqual(messages("src/a.cc", "void f() {\n" + body + "}\n"), [])
        self.assertIn("a function of 71 lines", messages("src/a.cc", "void f() {\n" + body + "  g();\n}\n")[0])
        self.assertEqual(messages("src/a.cc", "\n" * rules.MAX_FILE_LINES), [])
        self.assertIn("501 lines", messages("src/a.cc", "\n" * (rules.MAX_FILE_LINES + 1))[0])
        self.assertIn("101 columns", messages("src/a.cc", "x" * 101 + "\n")[0])

    def test_lets_raw_strings_and_addresses_be_long(self):
        self.assertEqual(messages("src/a.cc", 'auto s = R"(' + "x" * 101 + ')";\n'), [])
        self.assertEqual(messages("src/a.cc", "// https://" + "x" * 101 + "\n"), [])


class TextTest(unittest.TestCase):
    def test_refuses_leftovers_and_paths_of_one_machine(self):
        for line in ("# TODO: later", "x = 1  # FIXME", "cd /home/me/holmes", "see /root/notes"):
            self.assertEqual(len(list(rules.check_text("a.md", line))), 1, line)
        for line in ("GET /api/work/items", "$HOME/root/x", "mktemp XXXXXX", "the home page"):
            self.assertEqual(list(rules.check_text("a.md", line)), [], line)

    def test_wants_pragma_once_and_no_using_namespace_in_headers(self):
        self.assertEqual(messages("src/a.h", "// What.\n#pragma once\n"), [])
        self.assertEqual(len(messages("src/a.h", "// What.\n")), 1)
        self.assertEqual(len(messages("src/a.h", "#pragma once\nusing namespace std;\n")), 1)


if __name__ == "__main__":
    unittest.main()
