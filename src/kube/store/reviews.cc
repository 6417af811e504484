#include "kube/store/reviews.h"

namespace holmes::kube {
namespace {

json::object user_info(const LocalUser& user) {
  return {{"username", user.name},
          {"groups", json::array{"system:masters", "system:authenticated"}}};
}

json::object token_status(const json::object& review, const LocalUser& user) {
  const std::string token = json_string_or(review, {"spec", "token"});
  if (token.empty() || (!user.token.empty() && token != user.token)) {
    return {{"authenticated", false}, {"user", json::object()}, {"error", "invalid bearer token"}};
  }
  return {{"authenticated", true}, {"user", user_info(user)}};
}

json::object rules_status() {
  const json::array all{"*"};
  return {{"resourceRules",
           json::array{json::object{{"verbs", all}, {"apiGroups", all}, {"resources", all}}}},
          {"nonResourceRules", json::array{json::object{{"verbs", all}, {"nonResourceURLs", all}}}},
          {"incomplete", false}};
}

}  // namespace

std::optional<json::object> answer_review(std::string_view group, std::string_view plural,
                                          json::object review, const LocalUser& user) {
  const auto with = [&](json::object status) {
    review["status"] = std::move(status);
    return std::optional(std::move(review));
  };
  if (group == "authentication.k8s.io") {
    if (plural == "tokenreviews") return with(token_status(review, user));
    if (plural == "selfsubjectreviews") return with({{"userInfo", user_info(user)}});
  }
  if (group == "authorization.k8s.io") {
    if (plural == "selfsubjectrulesreviews") return with(rules_status());
    if (plural == "selfsubjectaccessreviews" || plural == "subjectaccessreviews") {
      return with({{"allowed", true}, {"reason", "the local user may do everything"}});
    }
  }
  return std::nullopt;
}

}  // namespace holmes::kube
