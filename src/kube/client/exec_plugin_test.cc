#include "kube/client/exec_plugin.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "async/subprocess_testing.h"
#include "async/task_scope.h"
#include "async/virtual_loop.h"

namespace holmes::kube {
namespace {

using std::chrono::seconds;

struct ExecPluginTest : testing::Test {
  ExecPluginTest() {
    config.server = parse_url("https://kube").value();
    config.exec = ExecConfig{.source = "/x/config: users[0].user.exec",
                             .api_version = std::string(kExecV1),
                             .command = "get-token",
                             .arguments = {"--for", "me"},
                             .environment = {{"A", "plugin's"}},
                             .install_hint = "see example.org"};
  }
  ExecPlugin make() {
    const Logger logger(LogLevel::kInfo,
                        [this](LogLevel level, std::string_view, const LogFields& fields) {
                          warnings += level == LogLevel::kWarning ? 1 : 0;
                          for (const LogField& field : fields) {
                            if (field.key != "stderr") continue;
                            stderr_logged += std::get<std::string>(field.value);
                          }
                        });
    return {loop, subprocess, logger, config, {{"A", "ours"}, {"PATH", "/bin"}}};
  }
  // The plugin of these tests: a token that counts the runs.
  Result<SubprocessEnd> answer() {
    ++runs;
    if (!reply) return reply;
    if (reply->exit_code != 0 || !reply->output.empty()) return reply;
    json::object status{{"token", fmt::format("t{}", runs)}};
    if (life) status["expirationTimestamp"] = format_rfc3339(loop.wall_now() + *life);
    return SubprocessEnd{
        .output = to_text(
            json::object{{"apiVersion", kExecV1}, {"kind", "ExecCredential"}, {"status", status}})};
  }
  std::string token(ExecPlugin& plugin, Stop stop = {}) {
    const auto credential = loop.run(plugin.get(std::move(stop)));
    return credential ? (*credential)->token : credential.error().message;
  }

  VirtualLoop loop;
  ClusterConfig config;
  int runs = 0;
  int warnings = 0;
  std::string stderr_logged;
  std::optional<seconds> life;
  Result<SubprocessEnd> reply = SubprocessEnd{};
  FakeSubprocess subprocess{loop, [this](const SubprocessCommand&) { return answer(); }};
};

TEST_F(ExecPluginTest, RunsTheCommandWithItsArgumentsAndVariables) {
  ExecPlugin plugin = make();
  EXPECT_TRUE(subprocess.commands.empty()) << "only when needed";
  EXPECT_EQ(token(plugin), "t1");
  ASSERT_EQ(subprocess.commands.size(), 1U);
  const SubprocessCommand& command = subprocess.commands[0];
  EXPECT_EQ(command.arguments, (std::vector<std::string>{"get-token", "--for", "me"}));
  EXPECT_EQ(command.environment,
            (std::map<std::string, std::string>{
                {"A", "plugin's"}, {"PATH", "/bin"}, {"KUBERNETES_EXEC_INFO", exec_info(config)}}));
}

TEST_F(ExecPluginTest, KeepsACredentialThatDoesNotExpire) {
  ExecPlugin plugin = make();
  EXPECT_EQ(token(plugin), "t1");
  loop.advance(std::chrono::hours(1000));
  EXPECT_EQ(token(plugin), "t1");
}

TEST_F(ExecPluginTest, RunsAgainShortlyBeforeTheEnd) {
  struct Row {
    seconds life, kept;
  };
  for (const Row row : {Row{seconds(3600), seconds(3600) - kExecLeeway},
                        Row{seconds(40), seconds(20)}, Row{seconds(-5), kExecPause}}) {
    life = row.life;
    runs = 0;
    ExecPlugin plugin = make();
    EXPECT_EQ(token(plugin), "t1");
    loop.advance(row.kept - std::chrono::milliseconds(1));
    EXPECT_EQ(token(plugin), "t1") << row.life.count();
    loop.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(token(plugin), row.life > seconds(0) ? "t1" : "t2") << row.life.count();
    loop.run_until_idle();
    EXPECT_EQ(token(plugin), "t2") << row.life.count();
  }
}

TEST_F(ExecPluginTest, IsNeverRunTwiceAtOnce) {
  ExecPlugin plugin = make();
  subprocess.hold();
  std::vector<Task<Result<ExecPlugin::Credential>>> callers;
  for (int i = 0; i < 20; ++i) callers.push_back(plugin.get({}));
  const Timer timer(loop, loop.mono_now() + seconds(3), [this] { subprocess.release(); });
  for (const auto& credential : loop.run(when_all(loop, std::move(callers)))) {
    ASSERT_TRUE(credential) << credential.error().message;
    EXPECT_EQ((*credential)->token, "t1");
  }
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(subprocess.most_running, 1);
}

TEST_F(ExecPluginTest, AllWhoWaitLearnOfOneFailure) {
  ExecPlugin plugin = make();
  reply = SubprocessEnd{.exit_code = 1};
  std::vector<Task<Result<ExecPlugin::Credential>>> callers;
  for (int i = 0; i < 20; ++i) callers.push_back(plugin.get({}));
  for (const auto& credential : loop.run(when_all(loop, std::move(callers)))) {
    EXPECT_FALSE(credential);
  }
  EXPECT_EQ(runs, 1);
  loop.advance(kExecPause);
  reply = SubprocessEnd{};
  EXPECT_EQ(token(plugin), "t2");
}

TEST_F(ExecPluginTest, ARunGoesOnWithoutTheCallersThatStopped) {
  ExecPlugin plugin = make();
  subprocess.hold();
  const Timer timer(loop, loop.mono_now() + seconds(12), [this] { subprocess.release(); });
  const StopSource soon({}, loop, loop.mono_now() + seconds(10));
  EXPECT_EQ(loop.run(plugin.get(soon.stop())).error().code, ErrorCode::kTimeout);
  EXPECT_EQ(subprocess.running, 1);
  EXPECT_EQ(token(plugin), "t1");
  EXPECT_EQ(subprocess.commands.size(), 1U);
  EXPECT_EQ(warnings, 0);
}

TEST_F(ExecPluginTest, NobodyWaitsForARenewalWhileThereIsACredential) {
  life = seconds(600);
  ExecPlugin plugin = make();
  EXPECT_EQ(token(plugin), "t1");
  loop.advance(seconds(600) - kExecLeeway);
  subprocess.hold();
  const MonoTime begin = loop.mono_now();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(token(plugin), "t1");
  EXPECT_EQ(loop.mono_now(), begin);
  loop.run_until_idle();
  EXPECT_EQ(subprocess.commands.size(), 2U) << "renewed in the background";
  subprocess.release();
  loop.run_until_idle();
  EXPECT_EQ(token(plugin), "t2");
}

TEST_F(ExecPluginTest, CloseEndsARun) {
  ExecPlugin plugin = make();
  subprocess.hold();
  const StopSource soon({}, loop, loop.mono_now() + seconds(1));
  EXPECT_FALSE(loop.run(plugin.get(soon.stop())));
  const MonoTime begin = loop.mono_now();
  loop.run(plugin.close());
  EXPECT_EQ(loop.mono_now(), begin);
  EXPECT_EQ(subprocess.running, 0);
  EXPECT_EQ(warnings, 0);
}

TEST_F(ExecPluginTest, ARunHasATimeLimit) {
  ExecPlugin plugin = make();
  subprocess.hold();
  const MonoTime begin = loop.mono_now();
  EXPECT_EQ(token(plugin), "/x/config: users[0].user.exec: get-token: not done after 60 s");
  EXPECT_EQ(loop.mono_now() - begin, kExecTimeout);
}

TEST_F(ExecPluginTest, SaysWhyItFailed) {
  const std::string source = "/x/config: users[0].user.exec: get-token: ";
  const std::vector<std::pair<Result<SubprocessEnd>, std::string>> rows{
      {SubprocessEnd{.exit_code = 3}, "exit code 3"},
      {SubprocessEnd{.exit_code = 1, .error_tail = "\nno login\n"},
       "exit code 1; its stderr is in the log"},
      {SubprocessEnd{.output = "{}", .error_tail = "odd"},
       "its answer's kind must be ExecCredential, not ''; its stderr is in the log"},
      {fail(ErrorCode::kNotFound, "run get-token: not found in PATH"),
       "run get-token: not found in PATH; see example.org"},
      {fail(ErrorCode::kForbidden, "run get-token: Permission denied"),
       "run get-token: Permission denied"},
  };
  for (const auto& [end, message] : rows) {
    ExecPlugin plugin = make();
    reply = end;
    const auto credential = loop.run(plugin.get({}));
    ASSERT_FALSE(credential);
    EXPECT_EQ(credential.error(), Error(ErrorCode::kUnauthenticated, source + message));
  }
}

TEST_F(ExecPluginTest, StderrIsInTheOneWarningOnly) {
  ExecPlugin plugin = make();
  reply = SubprocessEnd{.exit_code = 1, .error_tail = "\nno login \xff\n"};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(token(plugin).find("no login"), std::string::npos);
  EXPECT_EQ(warnings, 1);
  EXPECT_EQ(stderr_logged, "no login \uFFFD");
}

TEST_F(ExecPluginTest, KeepsWhatIsNotOverWhenTheNextRunFails) {
  life = seconds(600);
  ExecPlugin plugin = make();
  EXPECT_EQ(token(plugin), "t1");
  reply = SubprocessEnd{.exit_code = 1};
  loop.advance(seconds(600) - kExecLeeway);
  EXPECT_EQ(token(plugin), "t1");
  loop.run_until_idle();
  EXPECT_EQ(warnings, 1);
  EXPECT_EQ(token(plugin), "t1");
  loop.advance(kExecLeeway);
  EXPECT_NE(token(plugin).find("exit code 1"), std::string::npos);
}

TEST_F(ExecPluginTest, RunsAgainForACredentialThatWasRefused) {
  ExecPlugin plugin = make();
  const auto first = loop.run(plugin.get({})).value();
  loop.advance(kExecPause);
  loop.run(plugin.renew(first, {}));
  EXPECT_EQ(token(plugin), "t2");
  loop.advance(kExecPause);
  loop.run(plugin.renew(first, {}));
  EXPECT_EQ(runs, 2) << "another caller did it already";
}

TEST_F(ExecPluginTest, IsNotRunAgainAndAgainForAServerThatRefusesAll) {
  ExecPlugin plugin = make();
  for (int i = 0; i < 100; ++i) {
    const auto credential = loop.run(plugin.get({})).value();
    loop.run(plugin.renew(credential, {}));
  }
  EXPECT_EQ(runs, 1);
}

TEST_F(ExecPluginTest, TheSameAnswerIsTheSameCredential) {
  ExecPlugin plugin = make();
  reply = SubprocessEnd{
      .output = to_text(json::object{
          {"apiVersion", kExecV1}, {"kind", "ExecCredential"}, {"status", {{"token", "same"}}}})};
  const auto first = loop.run(plugin.get({})).value();
  loop.advance(kExecPause);
  loop.run(plugin.renew(first, {}));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(loop.run(plugin.get({})).value(), first);
}

}  // namespace
}  // namespace holmes::kube
