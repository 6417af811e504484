#include "kube/store/protobuf_body.h"

#include <string>

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

// --- what a client writes ---

std::string varint(uint64_t number) {
  std::string bytes;
  while (number >= 0x80) {
    bytes += static_cast<char>((number & 0x7fU) | 0x80U);
    number >>= 7U;
  }
  return bytes + static_cast<char>(number);
}
std::string field(uint64_t number, const std::string& bytes) {
  return varint(number << 3U | 2U) + varint(bytes.size()) + bytes;
}
std::string field(uint64_t number, int64_t integer) {
  return varint(number << 3U) + varint(static_cast<uint64_t>(integer));
}
std::string body(const std::string& api_version, const std::string& kind, const std::string& raw) {
  return std::string("k8s\0", 4) + field(1, field(1, api_version) + field(2, kind)) +
         field(2, raw) + field(3, std::string()) + field(4, std::string());
}
std::string entry(const std::string& key, const std::string& value) {
  return field(1, key) + field(2, value);
}

std::string read(const std::string& bytes) {
  const auto object = read_protobuf(bytes);
  return object ? to_text(*object) : "error: " + object.error().message;
}

TEST(ProtobufBody, ReadsAnObjectAsJsonClientsWouldHaveSentIt) {
  const std::string metadata = field(1, "c1") + field(2, std::string()) + field(3, "shop") +
                               field(7, int64_t{0}) + field(8, std::string()) +
                               field(11, entry("app", "a")) + field(11, entry("tier", ""));
  EXPECT_EQ(read(body("v1", "ConfigMap",
                      field(1, metadata) + field(2, entry("k", "v")) +
                          field(3, entry("bin", std::string("\0\xff", 2))) + field(4, 0))),
            R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c1","namespace":"shop",)"
            R"("labels":{"app":"a","tier":""}},"data":{"k":"v"},"binaryData":{"bin":"AP8="},)"
            R"("immutable":false})");
}

TEST(ProtobufBody, KeepsAZeroThatWasSaidAndDropsOneThatWasNot) {
  const std::string spec = field(1, 0) + field(5, 0) + field(7, 0);
  EXPECT_EQ(read(body("apps/v1", "Deployment", field(2, spec))),
            R"({"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":0}})");
}

TEST(ProtobufBody, WritesTimesQuantitiesAndIntOrStringAsOneValue) {
  const std::string spec =
      field(1, "me") + field(2, 15) + field(3, field(1, 1'700'000'000) + field(2, 123'456'000));
  EXPECT_EQ(
      read(body("coordination.k8s.io/v1", "Lease", field(2, spec))),
      R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","spec":{"holderIdentity":"me",)"
      R"("leaseDurationSeconds":15,"acquireTime":"2023-11-14T22:13:20.123456Z"}})");
  const std::string port = field(3, 80) + field(4, field(1, 1) + field(3, "http"));
  const std::string numbered = field(3, -1) + field(4, field(1, 0) + field(2, 8080));
  EXPECT_EQ(
      read(body("v1", "Service", field(2, field(1, port) + field(1, numbered)))),
      R"({"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":80,"targetPort":"http"},)"
      R"({"port":-1,"targetPort":8080}]}})");
  const std::string quota = field(1, field(1, "cpu") + field(2, field(1, "500m")));
  EXPECT_EQ(read(body("v1", "ResourceQuota", field(2, quota))),
            R"({"apiVersion":"v1","kind":"ResourceQuota","spec":{"hard":{"cpu":"500m"}}})");
}

TEST(ProtobufBody, FieldsOfAnInlinedMessageStandInTheOuterOne) {
  const std::string volume = field(1, "v") + field(2, field(6, field(1, "s")));
  EXPECT_EQ(read(body("v1", "Pod", field(2, field(1, volume)))),
            R"({"apiVersion":"v1","kind":"Pod","spec":{"volumes":[{"name":"v",)"
            R"("secret":{"secretName":"s"}}]}})");
}

TEST(ProtobufBody, DeleteOptionsAreOfEveryGroupAndUnknownFieldsArePassedOver) {
  EXPECT_EQ(read(body("apps/v1", "DeleteOptions", field(4, "Orphan") + field(99, "new"))),
            R"({"apiVersion":"apps/v1","kind":"DeleteOptions","propagationPolicy":"Orphan"})");
}

TEST(ProtobufBody, RefusesKindsWithoutThisEncoding) {
  const auto read = read_protobuf(body("toys.dev/v1", "Toy", ""));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kNotFound);
}

TEST(ProtobufBody, RefusesWhatIsBrokenAndEveryCut) {
  const std::string whole =
      body("v1", "Pod", field(2, field(1, field(1, "v") + field(2, field(6, field(1, "s"))))));
  const std::string raw = whole.substr(0, whole.size() - 4);  // without empty fields at the end
  size_t read_cuts = 0;  // behind the kind: an object without fields
  for (size_t length = 0; length < raw.size(); ++length) {
    read_cuts += read_protobuf(raw.substr(0, length)) ? 1 : 0;
  }
  EXPECT_EQ(read_cuts, 1U);
  for (const std::string& bad :
       {std::string("{}"), std::string("k8s\0\xff\xff\xff", 7),
        body("v1", "Pod", std::string("\x12\x7f", 2)), body("v1", "Pod", std::string(12, '\xff')),
        body("v1", "Pod", "\x0b")}) {
    const auto read = read_protobuf(bad);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace holmes::kube
