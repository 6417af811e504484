#include "kube/core/lease.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

constexpr std::string_view kStored = R"({
  "apiVersion":"coordination.k8s.io/v1","kind":"Lease",
  "metadata":{"name":"holmes-operator","namespace":"holmes","uid":"u1","resourceVersion":"41",
    "labels":{"team":"a"},"finalizers":["x.dev/keep"],"annotations":{"note":"mine"}},
  "spec":{"holderIdentity":"pod-1","leaseDurationSeconds":15,
    "acquireTime":"2024-01-01T00:00:00.000000Z","renewTime":"2024-01-01T00:00:07.123456Z",
    "leaseTransitions":3,"strategy":"OldestEmulationVersion","preferredHolder":"pod-2",
    "yetToCome":{"a":[1]}}})";

TEST(Lease, ReadsWhoHoldsItAndSinceWhen) {
  const Lease lease = *Lease::from_json(*parse_json_object(kStored));
  EXPECT_EQ(lease.meta.name, "holmes-operator");
  EXPECT_EQ(lease.holder, "pod-1");
  EXPECT_EQ(lease.duration, std::chrono::seconds(15));
  EXPECT_EQ(lease.acquired, *parse_rfc3339("2024-01-01T00:00:00Z"));
  EXPECT_EQ(lease.renewed, *parse_rfc3339("2024-01-01T00:00:07.123456Z"));
  EXPECT_EQ(lease.transitions, 3);
}

TEST(Lease, WritesBackWhatItDoesNotKnow) {
  const json::object stored = *parse_json_object(kStored);
  EXPECT_EQ(Lease::from_json(stored)->to_json(), stored);

  Lease taken = *Lease::from_json(stored);
  taken.holder = "pod-2";
  taken.renewed = *parse_rfc3339("2024-01-01T00:01:00Z");
  ++taken.transitions;
  json::object expected = stored;
  expected["spec"].as_object()["holderIdentity"] = "pod-2";
  expected["spec"].as_object()["renewTime"] = "2024-01-01T00:01:00.000000Z";
  expected["spec"].as_object()["leaseTransitions"] = 4;
  EXPECT_EQ(taken.to_json(), expected);
}

TEST(Lease, ANewOneHasWhatTheApiServerAsksFor) {
  Lease lease;
  lease.meta.name = "l";
  lease.meta.ns = "default";
  EXPECT_EQ(lease.to_json(), *parse_json_object(R"({"apiVersion":"coordination.k8s.io/v1",
      "kind":"Lease","metadata":{"name":"l","namespace":"default"},
      "spec":{"leaseTransitions":0}})"));
}

TEST(Lease, OneThatWasGivenUpHasNoHolder) {
  Lease lease = *Lease::from_json(*parse_json_object(kStored));
  lease.holder.clear();
  EXPECT_EQ(json_find(lease.to_json(), {"spec", "holderIdentity"}), nullptr);
  EXPECT_EQ(Lease::from_json(lease.to_json())->holder, "");
}

TEST(Lease, EmptyAndNullFieldsAreAbsent) {
  const Lease lease = *Lease::from_json(*parse_json_object(
      R"({"metadata":{"name":"l"},"spec":{"holderIdentity":null,"renewTime":null}})"));
  EXPECT_EQ(lease.holder, "");
  EXPECT_FALSE(lease.renewed);
  EXPECT_TRUE(Lease::from_json(*parse_json_object(R"({"metadata":{"name":"l"}})")).has_value());
}

TEST(Lease, AMistakeNamesItsField) {
  for (const std::string_view name :
       {"holderIdentity", "leaseDurationSeconds", "acquireTime", "renewTime", "leaseTransitions"}) {
    for (const std::string_view value : {"true", "[]", "-1", "4294967296"}) {
      const std::string text = R"({"metadata":{"name":"l"},"spec":{")" + std::string(name) +
                               "\":" + std::string(value) + "}}";
      const auto lease = Lease::from_json(*parse_json_object(text));
      ASSERT_FALSE(lease.has_value()) << text;
      EXPECT_EQ(lease.error().code, ErrorCode::kInvalid);
      EXPECT_NE(lease.error().message.find("spec." + std::string(name)), std::string::npos)
          << lease.error().message;
    }
  }
}

TEST(Lease, TheSameRecordIsOfTheSameObjectAndSaysTheSame) {
  const Lease lease = *Lease::from_json(*parse_json_object(kStored));
  Lease written = lease;
  written.meta.resource_version = "42";
  EXPECT_TRUE(lease.same_record(written));
  Lease fresh = lease;
  fresh.meta.uid.clear();  // as it is before it was created
  EXPECT_TRUE(fresh.same_record(lease));
  Lease reborn = lease;
  reborn.meta.uid = "u2";
  EXPECT_FALSE(reborn.same_record(lease));
  Lease other = lease;
  other.holder = "pod-2";
  EXPECT_FALSE(other.same_record(lease));
  Lease renewed = lease;
  *renewed.renewed += std::chrono::microseconds(1);
  EXPECT_FALSE(renewed.same_record(lease));
}

}  // namespace
}  // namespace holmes::kube
