#include "config/load_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Settings {
  std::string host = "0.0.0.0";
  std::string api_key;
  uint16_t port = 5050;
  std::chrono::seconds grace{330};
  bool unsafe = false;
  std::string format = "text";
  std::vector<std::string> namespaces;
  HostPort metrics{"0.0.0.0", 8080};
  size_t letters = 3;
};

Result<size_t> count_letters(std::string_view text) {
  if (text.find(' ') != std::string_view::npos) return fail(ErrorCode::kInvalid, "has a space");
  return text.size();
}

class LoadOptions : public ::testing::Test {
 protected:
  LoadOptions() {
    table_.text("host", "HOLMES_HOST", settings_.host, "Address to listen on");
    table_.secret("api-key", "HOLMES_API_KEY", settings_.api_key, "Key of the clients");
    table_.integer<uint16_t>("port", "HOLMES_PORT", settings_.port, 0, 65535, "Port to listen on");
    table_.seconds("shutdown-grace-seconds", "HOLMES_SHUTDOWN_GRACE_SECONDS", settings_.grace,
                   std::chrono::seconds(0), std::chrono::seconds(3600), "Time to finish");
    table_.boolean("unsafe", "HOLMES_UNSAFE", settings_.unsafe, "No key");
    table_.choice("log-format", "LOG_FORMAT", settings_.format, {"text", "json"}, "Log lines");
    table_.list("namespaces", "HOLMES_NAMESPACES", settings_.namespaces, "Empty: all");
    table_.host_port("metrics-address", "HOLMES_METRICS_ADDRESS", settings_.metrics, "Metrics");
    table_.parsed<size_t>("letters", "LETTERS", settings_.letters, count_letters, "3", "WORD",
                          "Counted");
    sources_.read_file = [this](const std::string& path) -> Result<std::string> {
      if (path != "/etc/holmes.yaml") return fail(ErrorCode::kNotFound, path + ": no such file");
      return file_;
    };
  }

  Result<Loaded> load() { return load_options(table_, sources_); }
  std::string error() {
    const auto loaded = load();
    return loaded ? "(no error)" : loaded.error().message;
  }
  void use_file(std::string text) {
    file_ = std::move(text);
    sources_.environment["HOLMES_CONFIG_PATH"] = "/etc/holmes.yaml";
  }

  Settings settings_;
  OptionTable table_;
  OptionSources sources_;
  std::string file_;
};

TEST_F(LoadOptions, WithoutAnySourceTheDefaultsStay) {
  ASSERT_EQ(load().value(), Loaded::kOptions);
  EXPECT_EQ(settings_.port, 5050);
  EXPECT_EQ(settings_.host, "0.0.0.0");
  EXPECT_EQ(settings_.grace, std::chrono::seconds(330));
}

TEST_F(LoadOptions, FlagGoesBeforeVariableGoesBeforeFile) {
  use_file("port: 1\n");
  ASSERT_TRUE(load());
  EXPECT_EQ(settings_.port, 1);
  sources_.environment["HOLMES_PORT"] = "2";
  ASSERT_TRUE(load());
  EXPECT_EQ(settings_.port, 2);
  sources_.arguments = {"--port", "3"};
  ASSERT_TRUE(load());
  EXPECT_EQ(settings_.port, 3);
}

TEST_F(LoadOptions, ReadsEveryTypeFromFlags) {
  sources_.arguments = {"--host=::1",
                        "--api-key",
                        "k",
                        "--port",
                        "80",
                        "--shutdown-grace-seconds=5",
                        "--unsafe",
                        "--log-format",
                        "JSON",
                        "--namespaces=a,b",
                        "--metrics-address=127.0.0.1:9",
                        "--letters",
                        "four"};
  ASSERT_TRUE(load()) << error();
  EXPECT_EQ(settings_.host, "::1");
  EXPECT_EQ(settings_.api_key, "k");
  EXPECT_EQ(settings_.port, 80);
  EXPECT_EQ(settings_.grace, std::chrono::seconds(5));
  EXPECT_TRUE(settings_.unsafe);
  EXPECT_EQ(settings_.format, "json");
  EXPECT_EQ(settings_.namespaces, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(settings_.metrics, (HostPort{"127.0.0.1", 9}));
  EXPECT_EQ(settings_.letters, 4U);
}

TEST_F(LoadOptions, ReadsEveryTypeFromTheFile) {
  use_file(
      "host: 127.0.0.1\napiKey: k\nport: 81\nshutdownGraceSeconds: 7\nunsafe: true\n"
      "logFormat: json\nnamespaces: [a, b]\nmetricsAddress: ':9'\nletters: four\n");
  ASSERT_TRUE(load()) << error();
  EXPECT_EQ(settings_.api_key, "k");
  EXPECT_EQ(settings_.port, 81);
  EXPECT_TRUE(settings_.unsafe);
  EXPECT_EQ(settings_.namespaces, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(settings_.metrics, (HostPort{"0.0.0.0", 9}));
}

TEST_F(LoadOptions, SwitchCanBeTurnedOffByItsFlag) {
  sources_.environment["HOLMES_UNSAFE"] = "true";
  sources_.arguments = {"--unsafe=false"};
  ASSERT_TRUE(load());
  EXPECT_FALSE(settings_.unsafe);
}

TEST_F(LoadOptions, EmptyVariablesAndFileValuesCountAsNotSet) {
  sources_.environment["HOLMES_PORT"] = " ";
  use_file("port:\nhost: ''\n");
  ASSERT_TRUE(load()) << error();
  EXPECT_EQ(settings_.port, 5050);
  EXPECT_EQ(settings_.host, "0.0.0.0");
}

TEST_F(LoadOptions, WhiteSpaceAroundValuesIsDropped) {
  sources_.environment["HOLMES_API_KEY"] = "secret\n";
  ASSERT_TRUE(load());
  EXPECT_EQ(settings_.api_key, "secret");
}

TEST_F(LoadOptions, BadValueSaysWhereItStoodAndWhatWouldBeRight) {
  const struct {
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment;
    std::string file;
    std::string message;
  } cases[] = {
      {{"--port", "70000"}, {}, "", "--port: '70000' must be an integer from 0 to 65535"},
      {{}, {{"HOLMES_PORT", "x"}}, "", "HOLMES_PORT: 'x' must be an integer from 0 to 65535"},
      {{}, {}, "port: x", "/etc/holmes.yaml: port: 'x' must be an integer from 0 to 65535"},
      {{"--unsafe=maybe"}, {}, "", "--unsafe: 'maybe' must be true or false"},
      {{}, {{"LOG_FORMAT", "xml"}}, "", "LOG_FORMAT: 'xml' must be text or json"},
      {{}, {{"LETTERS", "a b"}}, "", "LETTERS: 'a b' is not usable: has a space"},
      {{},
       {{"HOLMES_API_KEY", "top secret"}},
       "",
       "HOLMES_API_KEY: the value must be printable ASCII without spaces"},
      {{"--prot", "1"},
       {},
       "",
       "unknown option '--prot' (did you mean --port?); --help lists them"},
      {{"--prot=1"}, {}, "", "unknown option '--prot' (did you mean --port?); --help lists them"},
      {{"serve"}, {}, "", "unexpected argument 'serve'; options begin with --"},
      {{},
       {},
       "prot: 1",
       "/etc/holmes.yaml: prot: no option has this key (did you mean port?); --help lists "
       "them"},
      {{}, {}, "port: {a: 1}", "/etc/holmes.yaml: port: must be a word or a list of words"},
      {{}, {}, "port: 1\nport: 2", "/etc/holmes.yaml: port: stands there twice"},
      {{}, {}, "- port", "/etc/holmes.yaml: must be a map of options, one 'key: value' per line"},
      {{"--config", "/absent"}, {}, "", "/absent: no such file"},
  };
  for (const auto& c : cases) {
    sources_.arguments = c.arguments;
    sources_.environment = c.environment;
    if (!c.file.empty()) use_file(c.file);
    EXPECT_EQ(error(), c.message);
  }
}

TEST_F(LoadOptions, BrokenYamlNamesTheLine) {
  use_file("host: a\nport: [1\n");
  EXPECT_THAT(error(), HasSubstr("/etc/holmes.yaml: not YAML, line 3: "));
}

TEST_F(LoadOptions, MissingValueAndRepeatedFlagAreErrors) {
  sources_.arguments = {"--port"};
  EXPECT_THAT(error(), HasSubstr("--port"));
  sources_.arguments = {"--port", "1", "--port", "2"};
  EXPECT_EQ(error(), "--port stands there twice");
  sources_.arguments = {"--unsafe", "--unsafe"};
  EXPECT_EQ(error(), "--unsafe stands there twice");
}

TEST_F(LoadOptions, TheLastArgumentMayBeAList) {
  std::string first;
  std::vector<std::string> files;
  table_.argument("FIRST", first, "One");
  table_.arguments("FILE...", files, "The others");
  sources_.arguments = {"a", "b", "-", "--port", "80", "c"};
  ASSERT_TRUE(load()) << error();
  EXPECT_EQ(first, "a");
  EXPECT_EQ(files, (std::vector<std::string>{"b", "-", "c"}));
  sources_.arguments = {"a"};
  EXPECT_EQ(error(), "FILE... is missing; --help has an example");
}

TEST_F(LoadOptions, TakesAsManyArgumentsAsWereDeclared) {
  std::string first;
  std::string second;
  table_.argument("FIRST", first, "One");
  table_.argument("SECOND", second, "Two");
  sources_.arguments = {"a b", "--port", "80", "--unsafe", "* *"};
  ASSERT_TRUE(load()) << error();
  EXPECT_EQ(first, "a b");
  EXPECT_EQ(second, "* *");
  EXPECT_EQ(settings_.port, 80);
  sources_.arguments = {"a", "--", "--port"};
  ASSERT_TRUE(load()) << error();
  EXPECT_EQ(second, "--port");
  sources_.arguments = {"a"};
  EXPECT_EQ(error(), "SECOND is missing; --help has an example");
  sources_.arguments = {"a", "b", "c", "d"};
  EXPECT_EQ(error(),
            "unexpected argument 'c'; options begin with --, and what has spaces stands in quotes");
  sources_.arguments = {"a", "-b"};
  EXPECT_THAT(error(), HasSubstr("unknown option '-b'"));
  const std::string help = help_text({"x", "y", "z"}, table_);
  EXPECT_THAT(help, HasSubstr("Arguments:\n  FIRST\n      One\n  SECOND\n      Two\nOptions"));
}

TEST_F(LoadOptions, HelpWinsOverEverythingAndTouchesNothing) {
  sources_.arguments = {"--port", "x", "--nonsense", "--help"};
  sources_.environment["HOLMES_CONFIG_PATH"] = "/absent";
  EXPECT_EQ(load().value(), Loaded::kHelp);
  EXPECT_EQ(settings_.port, 5050);
}

TEST_F(LoadOptions, HelpListsFlagsVariablesKeysAndDefaultsButNoSecret) {
  settings_.api_key = "hunter2";
  OptionTable table;
  table.secret("api-key", "HOLMES_API_KEY", settings_.api_key, "Key of the clients");
  table.integer<uint16_t>("max-checks", "HOLMES_MAX_CHECKS", settings_.port, 0, 9, "How many");
  const std::string text =
      help_text({"holmes server [options]", "Answers.", "holmes server"}, table);
  for (const char* word : {"Usage: holmes server", "--max-checks N", "HOLMES_MAX_CHECKS",
                           "maxChecks", "[default: 5050]", "HOLMES_CONFIG_PATH", "Example:"}) {
    EXPECT_THAT(text, HasSubstr(word));
  }
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
}

TEST_F(LoadOptions, FlagsWithoutVariableAreNoFileKeys) {
  std::string output = "text";
  table_.choice("output", "", output, {"text", "json"}, "Format");
  use_file("output: json\n");
  EXPECT_THAT(error(), HasSubstr("output: no option has this key"));
}

TEST_F(LoadOptions, RepeatableFlagsCollectTheirWordsAsTheyAre) {
  std::vector<std::string> files;
  table_.texts("file", "HOLMES_FILE", files, "Read", "FILE");
  table_.short_name('f');
  sources_.arguments = {"-f", "a, b.yaml", "--file=[c]", "--file", "-", "-fd"};
  ASSERT_TRUE(load()) << error();
  EXPECT_EQ(files, (std::vector<std::string>{"a, b.yaml", "[c]", "-", "d"}));
  files.clear();
  sources_ = {{}, {{"HOLMES_FILE", "e"}}, {}};
  ASSERT_TRUE(load()) << error();
  EXPECT_EQ(files, std::vector<std::string>{"e"});
}

TEST_F(LoadOptions, AWordBehindARepeatableFlagsValueIsNotTaken) {
  std::vector<std::string> files;
  table_.texts("file", "", files, "Read", "FILE");
  table_.short_name('f');
  sources_.arguments = {"-f", "a", "b"};
  EXPECT_EQ(error(), "unexpected argument 'b'; options begin with --");
}

TEST_F(LoadOptions, CountsASwitch) {
  const std::pair<std::vector<std::string>, size_t> cases[] = {
      {{}, 0}, {{"-v"}, 1}, {{"-vv"}, 2}, {{"-v", "--verbose"}, 2}, {{"--verbose=false"}, 0}};
  for (const auto& [arguments, expected] : cases) {
    size_t verbose = 0;
    OptionTable table;
    table.count("verbose", verbose, "More");
    table.short_name('v');
    ASSERT_TRUE(load_options(table, {arguments, {}, {}}));
    EXPECT_EQ(verbose, expected);
  }
}

TEST_F(LoadOptions, AFlagMayMeanSomethingWithoutItsValue) {
  const std::pair<std::vector<std::string>, size_t> cases[] = {{{}, 1},
                                                               {{"--parallel"}, 10},
                                                               {{"--parallel", "4"}, 4},
                                                               {{"--parallel=5"}, 5},
                                                               {{"--parallel", "--port", "1"}, 10}};
  for (const auto& [arguments, expected] : cases) {
    size_t parallel = 1;
    uint16_t port = 0;
    OptionTable table;
    table.integer<size_t>("parallel", "", parallel, 1, 64, "At once");
    table.bare_word("10");
    table.integer<uint16_t>("port", "", port, 0, 1, "Port");
    const auto loaded = load_options(table, {arguments, {}, {}});
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(parallel, expected);
  }
}

TEST_F(LoadOptions, TellsWhetherAValueCameFromItsFlag) {
  bool by_flag = true;
  table_.tell_flag("port", by_flag);
  sources_.environment["HOLMES_PORT"] = "1";
  ASSERT_TRUE(load());
  EXPECT_FALSE(by_flag);
  sources_.arguments = {"--port", "1"};
  ASSERT_TRUE(load());
  EXPECT_TRUE(by_flag);
}

TEST_F(LoadOptions, HelpShowsShortNamesAndWhatMayBeLeftOut) {
  size_t parallel = 1;
  OptionTable table;
  table.integer<size_t>("parallel", "", parallel, 1, 64, "At once");
  table.short_name('p');
  table.bare_word("10");
  EXPECT_THAT(help_text({}, table), HasSubstr("  -p, --parallel [N]\n      At once"));
}

}  // namespace
}  // namespace holmes
