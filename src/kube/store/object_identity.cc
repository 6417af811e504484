#include "kube/store/object_identity.h"

#include <utility>

#include <fmt/format.h>

#include "kube/store/field_error.h"
#include "kube/store/meta_rules.h"

namespace holmes::kube {
namespace {

// Of another kind than the path.
Answer<void> check_kind(const ObjectTarget& target, const json::object& object,
                        const WriteOptions& options) {
  const ResourceType& type = target.kind->type;
  const std::string kind = json_string_or(object, {"kind"});
  const std::string api_version = json_string_or(object, {"apiVersion"});
  const bool other_version = !api_version.empty() && api_version != type.api_version();
  const bool other_kind = !kind.empty() && kind != type.kind;
  if (!other_version && !other_kind) return {};
  Refusal refusal;
  if (other_version) {
    refusal = bad_request(
        fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                    api_version, type.api_version()));
    if (target.kind->schema != nullptr && options.validation == FieldValidation::kWarn) {
      // Of another version, nothing is known.
      for (const auto& [name, value] : object) {
        if (name == "apiVersion" || name == "kind" || name == "metadata") continue;
        refusal.warnings.push_back(fmt::format("unknown field \"{}\"", std::string_view(name)));
      }
    }
  } else if (target.kind->schema == nullptr) {
    refusal = bad_request(fmt::format("{} in version \"{}\" cannot be handled as a {}", kind,
                                      type.version, type.kind));
  } else {
    ResourceType named = type;
    named.kind = kind;
    refusal =
        invalid(named, json_string_or(object, {"metadata", "name"}),
                {field::invalid("kind", json::value(kind), fmt::format("must be {}", type.kind))});
  }
  return refuse(std::move(refusal));
}

}  // namespace

Answer<void> check_patched_version(const ObjectTarget& target, const json::object& next) {
  const ResourceType& type = target.kind->type;
  const std::string version = json_string_or(next, {"apiVersion"});
  if (target.kind->schema == nullptr || version == type.api_version()) return {};
  return refuse(invalid(type, target.key.name,
                        {field::invalid("apiVersion", json::value(version),
                                        fmt::format("must be {}", type.api_version()))}));
}

Answer<void> check_place(const ObjectTarget& target, const json::object& object) {
  if (Answer<void> fine = check_meta_types(*target.kind, object); !fine) return fine;
  const std::string ns = json_string_or(object, {"metadata", "namespace"});
  if (target.kind->type.namespaced && !ns.empty() && ns != target.key.ns) {
    return refuse(
        bad_request("the namespace of the provided object does not match the namespace "
                    "sent on the request"));
  }
  const std::string name = json_string_or(object, {"metadata", "name"});
  if (name.empty() || target.key.name.empty() || name == target.key.name) return {};
  return refuse(
      bad_request(fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                              name, target.key.name)));
}

Answer<void> check_identity(const ObjectTarget& target, json::object& object,
                            const WriteOptions& options) {
  if (Answer<void> fine = check_kind(target, object, options); !fine) return fine;
  if (Answer<void> fine = check_place(target, object); !fine) return fine;
  object["apiVersion"] = target.kind->type.api_version();
  object["kind"] = target.kind->type.kind;
  set_meta(object, "namespace", target.key.ns);
  return {};
}

}  // namespace holmes::kube
