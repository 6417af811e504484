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
  EXPECT_THAT(error(), HasSubstr("--port"));
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

TEST_F(LoadOptions, WordsBesideTheOptionsGoToTheirTargetInTheirOrder) {
  std::vector<std::string> files;
  table_.arguments("FILE", files, 1, 3);
  sources_.arguments = {"a.yaml", "--port", "1", "-", "--", "--b.yaml"};
  ASSERT_TRUE(load().has_value()) << error();
  EXPECT_EQ(files, (std::vector<std::string>{"a.yaml", "-", "--b.yaml"}));
  EXPECT_EQ(settings_.port, 1);
}

TEST_F(LoadOptions, TooFewOrTooManyWordsBesideTheOptionsAreRefused) {
  std::vector<std::string> files;
  table_.arguments("FILE", files, 1, 2);
  EXPECT_EQ(error(), "FILE is missing; --help tells more");
  sources_.arguments = {"a", "b", "c"};
  EXPECT_EQ(error(), "unexpected argument 'c'; options begin with --");
  sources_.arguments = {"a", "--prot", "1"};
  EXPECT_THAT(error(), HasSubstr("unknown option '--prot' (did you mean --port?)"));
}

}  // namespace
}  // namespace holmes
