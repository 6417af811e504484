#include "cmd/recordings.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace holmes {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class RecordingsTest : public testing::Test {
 protected:
  RecordingsTest() {
    std::string pattern = testing::TempDir() + "recordings-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~RecordingsTest() override { std::filesystem::remove_all(root_); }

  static Recording recording(std::string name) {
    Recording recording;
    recording.name = std::move(name);
    recording.query = "Are all pods healthy?";
    return recording;
  }

  std::string root_;
};

TEST_F(RecordingsTest, AreReadBackInTheirOrderFromPrivateFiles) {
  const std::string path = root_ + "/runs";
  auto folder = RecordingFolder::open(path);
  ASSERT_TRUE(folder);
  folder->write(recording("shop/frontend"), Logger());
  folder->write(recording("../../etc/passwd"), Logger());
  const auto read = read_recordings(path);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_THAT(*read, SizeIs(2));
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    struct stat about{};
    ASSERT_EQ(::stat(entry.path().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
    ++files;
  }
  EXPECT_EQ(files, 2U);
  EXPECT_TRUE(RecordingFolder::open(path));  // goes on in a folder that is there
}

TEST_F(RecordingsTest, SayWhatIsWrong) {
  EXPECT_THAT(RecordingFolder::open(root_ + "/none/runs").error().message,
              HasSubstr("--record: " + root_ + "/none/runs: "));
  EXPECT_THAT(read_recordings(root_ + "/none").error().message, HasSubstr("--replay: "));
  EXPECT_THAT(read_recordings(root_).error().message, HasSubstr("has no recording"));
  std::ofstream(root_ + "/a.json") << "{}";
  EXPECT_THAT(read_recordings(root_).error().message, HasSubstr("a.json: 'version' must be 1"));
}

}  // namespace
}  // namespace holmes
