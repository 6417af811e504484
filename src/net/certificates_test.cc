#include "net/certificates.h"

#include <gmock/gmock.h>
#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include "net/openssl_pem.h"
#include "net/tls.h"

namespace holmes {
namespace {

using testing::HasSubstr;

WallTime time_of(std::string_view text) {
  return parse_rfc3339(text).value();
}

class CertificatesTest : public testing::Test {
 protected:
  CertificateAuthority make(const std::string& name = "holmes-local") {
    return CertificateAuthority::make(name, validity_, random_);
  }
  // As OpenSSL describes it to people.
  static std::string describe(const std::string& pem) {
    const auto certificate = openssl::next_certificate(openssl::reader(pem).get());
    if (certificate == nullptr) return "unreadable";
    const openssl::Owned<BIO> out(BIO_new(BIO_s_mem()));
    X509_print_ex(out.get(), certificate.get(), XN_FLAG_ONELINE, 0);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<size_t>(size)};
  }
  // 0, or why `certificate` is not to be trusted for this purpose at that time.
  static int verify(const CertificateAuthority& authority, const std::string& certificate,
                    int purpose, WallTime at) {
    const auto ca =
        openssl::next_certificate(openssl::reader(authority.own().certificate_pem).get());
    const auto leaf = openssl::next_certificate(openssl::reader(certificate).get());
    X509_STORE* const store = X509_STORE_new();
    X509_STORE_add_cert(store, ca.get());
    X509_STORE_CTX* const context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, store, leaf.get(), nullptr);
    X509_VERIFY_PARAM* const how = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_time(how, std::chrono::system_clock::to_time_t(at));
    X509_STORE_CTX_set_purpose(context, purpose);
    X509_verify_cert(context);
    const int error = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return error;
  }

  SeededRandom random_{1};
  const Validity validity_{time_of("2026-01-01T00:00:00Z"), time_of("2099-12-31T23:59:59Z")};
  const WallTime within_ = time_of("2050-06-01T00:00:00Z");
};

TEST_F(CertificatesTest, AnAuthorityMakesLeavesOnly) {
  const std::string text = describe(make().own().certificate_pem);
  EXPECT_THAT(text, HasSubstr("Issuer: CN = holmes-local"));
  EXPECT_THAT(text, HasSubstr("Subject: CN = holmes-local"));
  EXPECT_THAT(text, HasSubstr("Not Before: Jan  1 00:00:00 2026 GMT"));
  EXPECT_THAT(text, HasSubstr("Not After : Dec 31 23:59:59 2099 GMT"));
  EXPECT_THAT(text, HasSubstr("CA:TRUE, pathlen:0"));
  EXPECT_THAT(text, HasSubstr("NIST CURVE: P-256"));
  EXPECT_THAT(text, HasSubstr("ecdsa-with-SHA256"));
}

TEST_F(CertificatesTest, AServerIsItsNamesAndAddresses) {
  const CertificateAuthority authority = make();
  const auto made = authority.issue_server({"localhost", "*.example.com", "127.0.0.1", "::1"},
                                           validity_, random_);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  const std::string text = describe(made->certificate_pem);
  EXPECT_THAT(text, HasSubstr("DNS:localhost, DNS:*.example.com, IP Address:127.0.0.1, "
                              "IP Address:0:0:0:0:0:0:0:1\n"));
  EXPECT_THAT(text, HasSubstr("TLS Web Server Authentication\n"));
  EXPECT_THAT(text, HasSubstr("CA:FALSE"));
  EXPECT_EQ(check_server_tls(TlsServerOptions{made->certificate_pem, made->key_pem}), Status());
  EXPECT_EQ(verify(authority, made->certificate_pem, X509_PURPOSE_SSL_SERVER, within_), X509_V_OK);
  EXPECT_EQ(verify(authority, made->certificate_pem, X509_PURPOSE_SSL_CLIENT, within_),
            X509_V_ERR_INVALID_PURPOSE);
}

TEST_F(CertificatesTest, AClientIsItsNameAndItsOrganizations) {
  const CertificateAuthority authority = make();
  const auto made = authority.issue_client("jörg", {"system:masters", "team"}, validity_, random_);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  const std::string text = describe(made->certificate_pem);
  EXPECT_THAT(text, HasSubstr("O = system:masters, O = team, CN = "));
  EXPECT_THAT(text, HasSubstr("TLS Web Client Authentication\n"));
  EXPECT_EQ(check_tls({.certificate_pem = made->certificate_pem, .key_pem = made->key_pem}),
            Status());
  EXPECT_EQ(verify(authority, made->certificate_pem, X509_PURPOSE_SSL_CLIENT, within_), X509_V_OK);
  EXPECT_EQ(verify(authority, made->certificate_pem, X509_PURPOSE_SSL_SERVER, within_),
            X509_V_ERR_INVALID_PURPOSE);
}

TEST_F(CertificatesTest, IsValidWithinItsTimesOnly) {
  const CertificateAuthority authority = make();
  const Validity day{time_of("2030-01-01T00:00:00.5Z"), time_of("2030-01-02T00:00:00Z")};
  const std::string pem = authority.issue_server({"a"}, day, random_)->certificate_pem;
  const auto at = [&](std::string_view text) {
    return verify(authority, pem, X509_PURPOSE_SSL_SERVER, time_of(text));
  };
  EXPECT_EQ(at("2029-12-31T23:59:59Z"), X509_V_ERR_CERT_NOT_YET_VALID);
  EXPECT_EQ(at("2030-01-01T00:00:00Z"), X509_V_OK);
  EXPECT_EQ(at("2030-01-01T23:59:59Z"), X509_V_OK);
  EXPECT_EQ(at("2030-01-02T00:00:01Z"), X509_V_ERR_CERT_HAS_EXPIRED);
}

TEST_F(CertificatesTest, AnAuthorityThatWasReadIssuesLikeTheOneThatWasMade) {
  const CertificateAuthority made = make();
  auto read = CertificateAuthority::read(made.own());
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->own().certificate_pem, made.own().certificate_pem);
  const std::string leaf = read->issue_server({"a"}, validity_, random_)->certificate_pem;
  EXPECT_EQ(verify(made, leaf, X509_PURPOSE_SSL_SERVER, within_), X509_V_OK);
  EXPECT_NE(verify(make(), leaf, X509_PURPOSE_SSL_SERVER, within_), X509_V_OK) << "another key";
}

TEST_F(CertificatesTest, ReadsNothingButAnAuthorityAndItsKey) {
  const CertificateAuthority authority = make();
  const Certificate& own = authority.own();
  const Certificate leaf = authority.issue_server({"a"}, validity_, random_).value();
  struct Row {
    Certificate given;
    std::string why;
  };
  const Row rows[] = {
      {{"", ""}, "certificate cannot be read"},
      {{own.certificate_pem.substr(0, 300), own.key_pem}, "certificate cannot be read"},
      {{own.certificate_pem, ""}, "key cannot be read"},
      {{own.certificate_pem, own.key_pem.substr(0, 100)}, "key cannot be read"},
      {{own.certificate_pem, leaf.key_pem}, "do not belong together"},
      {leaf, "none of an authority"},
  };
  for (const Row& row : rows) {
    const auto read = CertificateAuthority::read(row.given);
    ASSERT_FALSE(read.has_value()) << row.why;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(read.error().message, HasSubstr(row.why));
  }
}

TEST_F(CertificatesTest, RefusesNamesThatCannotBe) {
  const CertificateAuthority authority = make();
  const std::string long_label(64, 'a');
  for (const std::string& name :
       {std::string(""), std::string("a b"), std::string("a,DNS:b"), std::string("-a"),
        std::string("a..b"), std::string("a."), std::string("*"), std::string("a.*.b"), long_label,
        std::string("a\0b", 3), std::string("jörg"), std::string("127.0.0.1:80")}) {
    const auto made = authority.issue_server({"good", name}, validity_, random_);
    ASSERT_FALSE(made.has_value()) << name;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(made.error().message, HasSubstr("\"" + name + "\""));
  }
  EXPECT_FALSE(authority.issue_server({}, validity_, random_).has_value());
  EXPECT_FALSE(authority.issue_client("", {}, validity_, random_).has_value());
  EXPECT_FALSE(authority.issue_client("a", {long_label + "b"}, validity_, random_).has_value());
  EXPECT_FALSE(authority.issue_client("\xff\xfe", {}, validity_, random_).has_value());
}

TEST_F(CertificatesTest, ANameThatIsTooLongForASubjectIsAnAlternative) {
  const CertificateAuthority authority = make();
  const std::string name = std::string(60, 'a') + ".example.com";
  const std::string pem = authority.issue_server({name}, validity_, random_)->certificate_pem;
  EXPECT_THAT(describe(pem), HasSubstr("Subject Alternative Name: critical\n"));
  EXPECT_THAT(describe(pem), HasSubstr("DNS:" + name));
  EXPECT_EQ(verify(authority, pem, X509_PURPOSE_SSL_SERVER, within_), X509_V_OK);
}

TEST_F(CertificatesTest, SerialNumbersComeFromTheRandomThatIsGiven) {
  const auto serial = [&](uint64_t seed) {
    SeededRandom random(seed);
    const std::string text =
        describe(CertificateAuthority::make("a", validity_, random).own().certificate_pem);
    const size_t at = text.find("Serial Number:");
    return text.substr(at, text.find("Signature", at) - at);
  };
  EXPECT_EQ(serial(1), serial(1));
  EXPECT_NE(serial(1), serial(2));
}

}  // namespace
}  // namespace holmes
