#include "net/tls_files.h"

#include <gmock/gmock.h>

#include "async/files_testing.h"
#include "async/task_scope.h"
#include "async/virtual_loop.h"
#include "net/certificates_testing.h"

namespace holmes {
namespace {

using testing::StartsWith;

class TlsFilesTest : public testing::Test {
 protected:
  TlsFilesTest() { write(authority_.server()); }
  void write(const Certificate& own) {
    files_.contents["/crt"] = own.certificate_pem;
    files_.contents["/key"] = own.key_pem;
    files_.contents["/ca"] = authority_.ca_pem();
  }
  void watch() {
    const Logger log(LogLevel::kInfo, [this](LogLevel level, std::string_view, const LogFields&) {
      warnings_ += level == LogLevel::kWarning ? 1 : 0;
    });
    const auto use = [this](const TlsServerOptions& tls) -> Status {
      used_.push_back(tls);
      return {};
    };
    scope_.spawn(watch_tls(loop_, files_, log, paths_, read_tls(files_, paths_).value(), use,
                           scope_.stop()));
  }
  void TearDown() override { loop_.run(scope_.close()); }

  VirtualLoop loop_;
  FakeFiles files_;
  TestAuthority authority_;
  const TlsServerFiles paths_{"/crt", "/key", "/ca"};
  std::vector<TlsServerOptions> used_;
  int warnings_ = 0;
  TaskScope scope_{loop_};
};

TEST_F(TlsFilesTest, ReadsWhatIsNamed) {
  const std::string crt = files_.contents["/crt"];
  const std::string key = files_.contents["/key"];
  EXPECT_EQ(read_tls(files_, paths_), (TlsServerOptions{crt, key, authority_.ca_pem()}));
  EXPECT_EQ(read_tls(files_, {"/crt", "/key", ""}), (TlsServerOptions{crt, key, ""}));
  for (const std::string& both : {key + crt, crt + key}) {
    files_.contents["/both"] = both;
    EXPECT_EQ(read_tls(files_, {"/both", "", ""}), (TlsServerOptions{both, both, ""}));
  }
}

TEST_F(TlsFilesTest, SaysWhichFileCannotBeUsed) {
  files_.contents["/empty"] = "";
  files_.contents["/half"] = files_.contents["/crt"].substr(0, 200);
  files_.contents["/other"] = authority_.server().key_pem;
  const std::pair<TlsServerFiles, std::string> rows[] = {
      {{"/none", "/key", ""}, "/none: "},
      {{"/crt", "/none", ""}, "/none: "},
      {{"/crt", "/key", "/none"}, "/none: "},
      {{"/empty", "/key", ""}, "/empty: "},
      {{"/crt", "/empty", ""}, "/empty: "},
      {{"/crt", "/key", "/empty"}, "/empty: "},
      {{"/half", "/key", ""}, "/half: TLS: "},
      {{"/crt", "/key", "/half"}, "/half: TLS: "},
      {{"/crt", "/other", ""}, "/crt: TLS: the server certificate and its key do not belong"},
      {{"/crt", "", ""}, "/crt: TLS: the server certificate's key cannot be read"},
  };
  for (const auto& [paths, why] : rows) {
    const auto read = read_tls(files_, paths);
    ASSERT_FALSE(read.has_value()) << why;
    EXPECT_THAT(read.error().message, StartsWith(why));
  }
}

TEST_F(TlsFilesTest, HandsOutWhatHasChanged) {
  watch();
  loop_.advance(kServerTlsRereadInterval * 3);
  EXPECT_TRUE(used_.empty());
  const Certificate next = authority_.server();
  write(next);
  loop_.advance(kServerTlsRereadInterval * 3);
  ASSERT_EQ(used_.size(), 1U);
  EXPECT_EQ(used_[0], (TlsServerOptions{next.certificate_pem, next.key_pem, authority_.ca_pem()}));
}

TEST_F(TlsFilesTest, KeepsTheOldOnesAndWarnsOnceWhileFilesCannotBeUsed) {
  watch();
  const Certificate next = authority_.server();
  files_.contents["/crt"] = next.certificate_pem;  // its key comes later
  loop_.advance(kServerTlsRereadInterval * 3);
  EXPECT_EQ(warnings_, 1);
  EXPECT_TRUE(used_.empty());
  files_.contents["/key"] = next.key_pem;
  loop_.advance(kServerTlsRereadInterval);
  EXPECT_EQ(used_.size(), 1U);
  files_.contents.erase("/ca");
  loop_.advance(kServerTlsRereadInterval * 3);
  EXPECT_EQ(warnings_, 2);
  EXPECT_EQ(used_.size(), 1U);
}

}  // namespace
}  // namespace holmes
