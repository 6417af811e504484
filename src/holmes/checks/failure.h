// Why there is no verdict.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "api/check.h"

namespace holmes {

struct Failure {
  ErrorReason reason;
  std::string why;
  std::string rationale;  // what the model said, if it did
};

template <class T>
using Answer = std::expected<T, Failure>;

inline std::unexpected<Failure> none(ErrorReason reason, std::string why,
                                     std::string rationale = "") {
  return std::unexpected(Failure{reason, std::move(why), std::move(rationale)});
}

}  // namespace holmes
