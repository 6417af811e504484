#include "kube/store/write_options.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "kube/store/field_error.h"

namespace holmes::kube {
namespace {

std::string_view options_kind(std::string_view method) {
  if (method == "POST") return "CreateOptions";
  return method == "PUT" ? "UpdateOptions" : "PatchOptions";
}

void check_manager(const std::string& manager, Causes& causes) {
  if (manager.size() > kMaxManagerBytes) {
    causes.push_back(field::too_long("fieldManager", kMaxManagerBytes));
  }
  for (size_t i = 0; i < manager.size(); ++i) {
    const auto c = static_cast<unsigned char>(manager[i]);
    if (c >= 0x20 && c != 0x7f) continue;
    causes.push_back(
        field::invalid("fieldManager", json::value(manager),
                       fmt::format("invalid character U+{:04X} (at position {})", c, i)));
  }
}

FieldValidation read_validation(std::string_view word, Causes& causes) {
  if (word == "Ignore") return FieldValidation::kIgnore;
  if (word == "Strict") return FieldValidation::kStrict;
  if (!word.empty() && word != "Warn") {
    causes.push_back(field::not_supported("fieldValidation", json::value(word),
                                          {"", "Ignore", "Strict", "Warn"}));
  }
  return FieldValidation::kWarn;
}

}  // namespace

Answer<WriteOptions> read_write_options(const ApiRequest& request) {
  WriteOptions options;
  options.dry_run = request.parameter("dryRun") == "All";
  options.force = request.flag("force");
  options.manager = std::string(request.parameter("fieldManager"));
  options.agent = request.user_agent.substr(0, request.user_agent.find('/'));
  Causes causes;
  if (request.method == "PATCH") {
    const bool apply = media_type(request.content_type) == kApplyPatchType;
    if (apply && options.manager.empty()) {
      causes.push_back(field::required("fieldManager", "is required for apply patch"));
    }
    if (!apply && request.has("force")) {
      causes.push_back(field::forbidden("force", "may not be specified for non-apply patch"));
    }
  }
  check_manager(options.manager, causes);
  check_dry_run(request.parameter("dryRun"), request.has("dryRun"), causes);
  options.validation = read_validation(request.parameter("fieldValidation"), causes);
  if (causes.empty()) return options;
  return refuse(invalid_options(options_kind(request.method), std::move(causes)));
}

std::string_view media_type(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

Refusal invalid_options(std::string_view kind, Causes causes) {
  return invalid({"meta.k8s.io", "v1", "", std::string(kind), false}, "", std::move(causes));
}

void check_dry_run(std::string_view value, bool said, Causes& causes) {
  if (!said || value == "All") return;
  causes.push_back(field::not_supported("dryRun", json::array{json::value(value)}, {"All"}));
}

}  // namespace holmes::kube
