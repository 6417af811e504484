// What clients ask about themselves: who am I, and may I? The local user may do everything. Pure.
// Rules: authentication.k8s.io/v1 and authorization.k8s.io/v1.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace holmes::kube {

struct LocalUser {
  std::string name = "kubernetes-admin";
  std::string token{};  // "": any token is of this user
};

// The answer to a review of this group and plural that was posted; nullopt for what is no review.
std::optional<json::object> answer_review(std::string_view group, std::string_view plural,
                                          json::object review, const LocalUser& user);

}  // namespace holmes::kube
