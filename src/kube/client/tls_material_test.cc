#include "kube/client/tls_material.h"

#include <gtest/gtest.h>

#include "async/files_testing.h"
#include "async/virtual_loop.h"
#include "kube/client/certificates_testing.h"

namespace holmes::kube {
namespace {

struct TlsMaterialTest : testing::Test {
  TlsMaterialTest() { files.contents = {{"/ca", kCa}, {"/crt", kCertificate}, {"/key", kKey}}; }
  TlsMaterial make(TlsFiles paths = {"/ca", "/crt", "/key"}) {
    const Logger logger(LogLevel::kInfo,
                        [this](LogLevel level, std::string_view, const LogFields&) {
                          warnings += level == LogLevel::kWarning ? 1 : 0;
                        });
    return {loop, files, logger, first, std::move(paths)};
  }

  VirtualLoop loop;
  FakeFiles files;
  int warnings = 0;
  const TlsOptions first{
      .ca_pem = kCa, .certificate_pem = kCertificate, .key_pem = kKey, .server_name = "other"};
};

TEST_F(TlsMaterialTest, LooksAtTheFilesOnceAMinute) {
  TlsMaterial material = make();
  const auto before = material.options();
  EXPECT_EQ(*before, first);
  files.contents["/ca"] = kOtherCa;
  loop.advance(kTlsRereadInterval - std::chrono::milliseconds(1));
  EXPECT_EQ(material.options(), before);
  EXPECT_EQ(files.reads, 0);
  loop.advance(std::chrono::milliseconds(1));
  TlsOptions expected = first;
  expected.ca_pem = kOtherCa;
  EXPECT_EQ(*material.options(), expected);
}

TEST_F(TlsMaterialTest, TheSameContentIsTheSamePointer) {
  TlsMaterial material = make();
  const auto before = material.options();
  loop.advance(kTlsRereadInterval);
  EXPECT_EQ(material.options(), before);
  EXPECT_EQ(files.reads, 3);
}

TEST_F(TlsMaterialTest, LooksAgainAfterAFailureButNotAgainAndAgain) {
  TlsMaterial material = make();
  files.contents["/crt"] = kOtherCertificate;
  files.contents["/key"] = kOtherKey;
  material.look_again();
  EXPECT_EQ(files.reads, 0) << "just read";
  loop.advance(kTlsRereadPause);
  material.look_again();
  EXPECT_EQ(material.options()->key_pem, kOtherKey);
  files.contents["/ca"] = kOtherCa;
  material.look_again();
  EXPECT_EQ(material.options()->ca_pem, kCa);
}

TEST_F(TlsMaterialTest, KeepsTheOldOnesWhileFilesAreMissingOrHalfWritten) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"/ca", ""},
      {"/ca", kCa + kOtherCa.substr(0, 100)},
      {"/crt", ""},
      {"/key", ""},
      {"/crt", kCertificate.substr(0, 300)},
      {"/key", kKey.substr(0, 100)},
      {"/crt", kOtherCertificate},  // its key comes next
      {"/key", kOtherKey},          // its certificate comes next
      {"/ca", "gone"},
      {"/crt", "gone"},
      {"/key", "gone"},
  };
  for (const auto& [path, content] : rows) {
    warnings = 0;
    files.contents = {{"/ca", kCa}, {"/crt", kCertificate}, {"/key", kKey}};
    TlsMaterial material = make();
    const auto before = material.options();
    files.contents[path] = content;
    if (content == "gone") files.contents.erase(path);
    for (int i = 0; i < 3; ++i) {
      loop.advance(kTlsRereadInterval);
      EXPECT_EQ(material.options(), before) << path << ": " << content;
    }
    EXPECT_EQ(warnings, 1) << path << ": " << content;
    files.contents = {{"/ca", kOtherCa}, {"/crt", kOtherCertificate}, {"/key", kOtherKey}};
    loop.advance(kTlsRereadInterval);
    EXPECT_EQ(material.options()->certificate_pem, kOtherCertificate);
  }
}

TEST_F(TlsMaterialTest, MixesFilesWithTextOfTheConfiguration) {
  TlsMaterial only_ca = make({.ca = "/ca"});
  files.contents = {{"/ca", kOtherCa}};
  loop.advance(kTlsRereadInterval);
  EXPECT_EQ(only_ca.options()->ca_pem, kOtherCa);
  EXPECT_EQ(only_ca.options()->key_pem, kKey);
  TlsMaterial only_certificate = make({.certificate = "/crt"});
  files.contents = {{"/crt", kCertificate + kCa}};
  loop.advance(kTlsRereadInterval);
  EXPECT_EQ(only_certificate.options()->certificate_pem, kCertificate + kCa);
  TlsMaterial none = make({});
  EXPECT_FALSE(none.may_change());
  files.reads = 0;
  loop.advance(kTlsRereadInterval);
  EXPECT_EQ(*none.options(), first);
  none.look_again();
  EXPECT_EQ(files.reads, 0);
}

}  // namespace
}  // namespace holmes::kube
