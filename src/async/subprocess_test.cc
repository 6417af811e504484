#include "async/subprocess.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async/files.h"
#include "async/task_scope.h"
#include "async/wait.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kPath = "/usr/bin:/bin";

class SubprocessTest : public testing::Test {
 protected:
  SubprocessTest() { std::filesystem::create_directories(folder_); }
  ~SubprocessTest() override { std::filesystem::remove_all(folder_); }

  Result<SubprocessEnd> run(std::vector<std::string> arguments,
                            std::map<std::string, std::string> environment = {{"PATH", kPath}},
                            milliseconds limit = seconds(20)) {
    const StopSource stop({}, loop_, loop_.mono_now() + limit);
    return loop_.run(subprocess_->run({std::move(arguments), std::move(environment)}, stop.stop()));
  }
  std::string write(const std::string& name, const std::string& text, bool executable) {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path) << text;
    using std::filesystem::perms;
    if (executable) std::filesystem::permissions(path, perms::owner_all);
    return path;
  }
  // Whether it comes true within the time that everything here may take.
  Task<bool> becomes_true(std::function<bool()> test) {
    const MonoTime deadline = loop_.mono_now() + seconds(20);
    while (!test() && loop_.mono_now() < deadline) {
      (void)co_await sleep_for(loop_, milliseconds(5), {});
    }
    co_return test();
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string("subprocess-") + testing::UnitTest::GetInstance()->current_test_info()->name());
  AsioLoop loop_;
  std::unique_ptr<Subprocess> subprocess_ = make_subprocess(loop_);
};

bool lives(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::stringstream text;
  text << file.rdbuf();
  return !text.str().empty() && text.str().find(") Z ") == std::string::npos;
}

size_t open_descriptors() {
  return static_cast<size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

TEST_F(SubprocessTest, GivesOutputErrorsAndExitCode) {
  const auto end = run({"sh", "-c", "echo out; echo err >&2; exit 3"});
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->exit_code, 3);
  EXPECT_EQ(end->output, "out\n");
  EXPECT_EQ(end->error_tail, "err\n");
  EXPECT_EQ(run({"sh", "-c", "kill -TERM $$"})->exit_code, 128 + 15);
}

TEST_F(SubprocessTest, PassesArgumentsAsTheyAre) {
  const auto end = run({"printf", "[%s]", "$HOME; *", "", "two words"});
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->output, "[$HOME; *][][two words]");
}

TEST_F(SubprocessTest, HandsOverTheGivenEnvironmentNoInputAndNoDescriptors) {
  const auto environment = run({"env"}, {{"PATH", kPath}, {"A", "1=2"}});
  ASSERT_TRUE(environment) << environment.error().message;
  EXPECT_EQ(environment->output, "A=1=2\nPATH=" + kPath + "\n");
  EXPECT_EQ(run({"cat"})->output, "");
  const std::ifstream kept("/dev/null");
  EXPECT_EQ(run({"ls", "/proc/self/fd"})->output, "0\n1\n2\n3\n") << "the last is of ls itself";
}

TEST_F(SubprocessTest, FindsProgramsInThePathOfTheGivenEnvironment) {
  const std::string tool = write("a-tool", "#!/bin/sh\necho found\n", true);
  write("no-tool", "echo no\n", false);
  const std::map<std::string, std::string> here{{"PATH", "/nowhere:" + folder_.string()}};
  EXPECT_EQ(run({"a-tool"}, here)->output, "found\n");
  EXPECT_EQ(run({tool}, {})->output, "found\n");
  EXPECT_EQ(run({"a-tool"}).error(), Error(ErrorCode::kNotFound, "run a-tool: not found in PATH"));
  EXPECT_EQ(run({"sh"}, {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(run({"no-tool"}, here).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(run({(folder_ / "no-tool").string()}).error().code, ErrorCode::kForbidden);
  EXPECT_EQ(run({(folder_ / "gone").string()}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(run({folder_.string()}).error().code, ErrorCode::kForbidden);
}

TEST_F(SubprocessTest, ReadsMoreThanAPipeHoldsAndRefusesTooMuch) {
  const auto much = run({"head", "-c", "300000", "/dev/zero"});
  ASSERT_TRUE(much) << much.error().message;
  EXPECT_EQ(much->output.size(), 300'000U);
  EXPECT_EQ(run({"cat", "/dev/zero"}).error().code, ErrorCode::kTooLarge);
  const auto errors = run({"sh", "-c", "head -c 300000 /dev/zero >&2; echo last >&2"});
  ASSERT_TRUE(errors) << errors.error().message;
  EXPECT_EQ(errors->error_tail.size(), kMaxErrorTailBytes);
  EXPECT_TRUE(errors->error_tail.ends_with("last\n"));
}

TEST_F(SubprocessTest, EndsWithTheProgramThoughAnotherHoldsItsOutput) {
  const MonoTime begin = loop_.mono_now();
  const auto end = run({"sh", "-c", "sleep 15 & echo done"});
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->output, "done\n");
  EXPECT_LT(loop_.mono_now() - begin, seconds(10));
}

TEST_F(SubprocessTest, TheStopKillsItWithWhatItStarted) {
  const std::string pids = (folder_ / "pids").string();
  const std::string script = "sleep 100 & echo $! > " + pids + ".new; echo $$ >> " + pids +
                             ".new; mv " + pids + ".new " + pids + "; wait";
  StopSource stop;
  std::optional<Result<SubprocessEnd>> end;
  TaskScope scope(loop_);
  scope.spawn(task_scope_internal::store(
      subprocess_->run({{"sh", "-c", script}, {{"PATH", kPath}}}, stop.stop()), end));
  ASSERT_TRUE(loop_.run(becomes_true([&] { return std::filesystem::exists(pids); })));
  EXPECT_FALSE(end);
  stop.request_stop();
  ASSERT_TRUE(loop_.run(scope.drain({})));
  EXPECT_EQ(end->error().code, ErrorCode::kCancelled);
  std::stringstream text(real_files().read(pids).value());
  std::string started;
  std::string program;
  text >> started >> program;
  ASSERT_FALSE(program.empty());
  EXPECT_TRUE(loop_.run(becomes_true([&] { return !lives(started); })));
  EXPECT_TRUE(loop_.run(becomes_true([&] { return !std::filesystem::exists("/proc/" + program); })))
      << "no zombie is left of what is our own child";
}

TEST_F(SubprocessTest, DoesNotInventAnExitCodeWhenOthersReapTheProgram) {
  const auto before = signal(SIGCHLD, SIG_IGN);  // the kernel reaps
  const auto end = run({"sleep", "0.1"});
  signal(SIGCHLD, before);
  ASSERT_FALSE(end);
  // One of two: it was gone when it ended, or already before it could be watched.
  EXPECT_EQ(end.error().code, ErrorCode::kInternal) << end.error().message;
}

TEST_F(SubprocessTest, LeavesNothingBehindWhenItRunsOutOfDescriptors) {
  ASSERT_TRUE(run({"true"}));            // what the loop opens for good is open now
  while (waitpid(-1, nullptr, 0) > 0) {  // what other tests killed when their loops ended
  }
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const size_t open = open_descriptors();
  const int next = dup(STDERR_FILENO);  // the lowest number that is free
  ::close(next);
  bool failed = false;
  bool worked = false;
  for (rlim_t more = 0; more < 12; ++more) {
    const rlimit limit{static_cast<rlim_t>(next) + more, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    const auto end = run({"true"});
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    (end ? worked : failed) = true;
    EXPECT_EQ(open_descriptors(), open) << more;
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left, with " << more;
  }
  EXPECT_TRUE(failed);
  EXPECT_TRUE(worked);
}

TEST_F(SubprocessTest, TheDeadlineIsATimeout) {
  EXPECT_EQ(run({"sleep", "100"}, {{"PATH", kPath}}, milliseconds(50)).error().code,
            ErrorCode::kTimeout);
  EXPECT_EQ(run({"sleep", "100"}, {{"PATH", kPath}}, milliseconds(0)).error().code,
            ErrorCode::kTimeout);
}

}  // namespace
}  // namespace holmes
