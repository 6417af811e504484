#include "kube/store/object_remover.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/strings.h"
#include "kube/store/field_error.h"
#include "kube/store/label_syntax.h"
#include "kube/store/list_query.h"
#include "kube/store/meta_rules.h"
#include "kube/store/object_view.h"
#include "kube/store/representation.h"
#include "kube/store/write_options.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kForeground = "foregroundDeletion";
constexpr std::string_view kOrphan = "orphan";

bool is_namespace(const Kind& kind) {
  return kind.type.group.empty() && kind.type.plural == "namespaces";
}

bool stays(std::string_view name) {
  return name == "default" || name == "kube-system" || name == "kube-public";
}

Answer<void> check_preconditions(const ObjectTarget& target, const Stored& live,
                                 const RemoveOptions& options) {
  const auto differs = [&](std::string_view what, const std::string& wanted,
                           const std::string& real, std::string_view how) {
    return precondition_failed(
        target.kind->type, live->key.name,
        fmt::format("the {} in the precondition ({}) does not match the {} in record ({}). The "
                    "object might have been {}",
                    what, wanted, what, real, how));
  };
  if (!options.uid.empty() && options.uid != live->uid) {
    return refuse(differs("UID", options.uid, live->uid, "deleted and then recreated"));
  }
  const std::string version = fmt::format("{}", live->version);
  if (!options.resource_version.empty() && options.resource_version != version) {
    return refuse(differs("ResourceVersion", options.resource_version, version, "modified"));
  }
  return {};
}

// With the finalizers that the propagation asks for, and without those that it does not.
void set_propagation(json::object& object, const std::string& propagation) {
  json::object& metadata = metadata_of(object);
  json::array finalizers;
  if (const json::array* now = json_array(metadata, {"finalizers"})) finalizers = *now;
  const auto set = [&](std::string_view name, bool wanted) {
    const auto found = std::ranges::find(finalizers, json::value(name));
    if (wanted && found == finalizers.end()) finalizers.emplace_back(name);
    if (!wanted && found != finalizers.end()) finalizers.erase(found);
  };
  if (!propagation.empty()) {
    set(kForeground, propagation == "Foreground");
    set(kOrphan, propagation == "Orphan");
  }
  if (finalizers.empty()) {
    metadata.erase("finalizers");
  } else {
    metadata["finalizers"] = std::move(finalizers);
  }
}

Answer<void> check_option_types(const json::object& body) {
  const auto wrong = [&](std::string_view field, auto is_right, std::string_view type) {
    const json::value* value = body.if_contains(field);
    if (value == nullptr || value->is_null() || is_right(*value)) return std::string();
    return fmt::format("json: cannot unmarshal {} into Go struct field DeleteOptions.{} of type {}",
                       go_kind(*value), field, type);
  };
  const auto is_object = [](const json::value& value) { return value.is_object(); };
  const auto is_int = [](const json::value& value) { return to_int(value).has_value(); };
  const auto is_string = [](const json::value& value) { return value.is_string(); };
  for (const std::string& fault :
       {wrong("preconditions", is_object, "v1.Preconditions"),
        wrong("gracePeriodSeconds", is_int, "int64"),
        wrong("propagationPolicy", is_string, "v1.DeletionPropagation")}) {
    if (!fault.empty()) return refuse(bad_request(fault));
  }
  return {};
}

std::string success(const ResourceType& type, const Stored& gone) {
  json::object details{{"name", gone->key.name}};
  if (!type.group.empty()) details.emplace("group", type.group);
  details.emplace("kind", type.plural);
  details.emplace("uid", gone->uid);
  return to_text(json::object{{"kind", "Status"},
                              {"apiVersion", "v1"},
                              {"metadata", json::object()},
                              {"status", "Success"},
                              {"details", std::move(details)}});
}

}  // namespace

Answer<RemoveOptions> read_remove_options(const ApiRequest& request) {
  RemoveOptions options;
  options.propagation = std::string(request.parameter("propagationPolicy"));
  std::string dry_run(request.parameter("dryRun"));
  bool orphan_said = request.has("orphanDependents");
  bool orphan = request.flag("orphanDependents");
  if (!trim(request.body).empty()) {
    const Result<json::object> body = parse_json_object(request.body);
    if (!body) {
      return refuse(bad_request("couldn't get version/kind; json parse error: " +
                                go_json_error(body.error().message)));
    }
    if (Answer<void> fine = check_option_types(*body); !fine) return refuse(fine.error());
    const std::string kind = json_string_or(*body, {"kind"});
    if (!kind.empty() && kind != "DeleteOptions") {
      return refuse(bad_request(
          fmt::format("no kind {} is registered for version \"meta.k8s.io/v1\"", quoted(kind))));
    }
    const std::string policy = json_string_or(*body, {"propagationPolicy"});
    if (!policy.empty()) options.propagation = policy;
    options.uid = json_string_or(*body, {"preconditions", "uid"});
    options.resource_version = json_string_or(*body, {"preconditions", "resourceVersion"});
    const json::array* wanted = json_array(*body, {"dryRun"});
    if (wanted != nullptr && !wanted->empty() && (*wanted)[0].is_string()) {
      dry_run = std::string((*wanted)[0].get_string());
    }
    orphan_said = orphan_said || json_bool(*body, {"orphanDependents"}).has_value();
    orphan = json_bool(*body, {"orphanDependents"}).value_or(orphan);
  }
  Causes causes;
  if (!options.propagation.empty() && orphan_said) {
    causes.push_back(field::invalid("propagationPolicy", json::value(options.propagation),
                                    "orphanDependents and deletionPropagation cannot be both set"));
  }
  const std::vector<std::string> policies{"Foreground", "Background", "Orphan", "nil"};
  if (!options.propagation.empty() &&
      std::find(policies.begin(), policies.end() - 1, options.propagation) == policies.end() - 1) {
    causes.push_back(
        field::not_supported("propagationPolicy", json::value(options.propagation), policies));
  }
  check_dry_run(dry_run, !dry_run.empty() || request.has("dryRun"), causes);
  if (!causes.empty()) return refuse(invalid_options("DeleteOptions", std::move(causes)));
  options.dry_run = !dry_run.empty();
  if (options.propagation.empty() && orphan_said) {
    options.propagation = orphan ? "Orphan" : "Background";
  }
  return options;
}

ObjectRemover::ObjectRemover(Loop& loop, ObjectStore& store, KindTable& kinds, ObjectWriter& writer)
    : loop_(loop), store_(store), kinds_(kinds), writer_(writer) {}

Answer<Written> ObjectRemover::remove(const ObjectTarget& target, const RemoveOptions& options) {
  const Stored live = store_.find(stored_name(target.kind->type), target.key);
  if (is_namespace(*target.kind) && stays(target.key.name)) {
    return refuse(
        forbidden(target.kind->type, target.key.name, "this namespace may not be deleted"));
  }
  if (live == nullptr) return refuse(not_found(target.kind->type, target.key.name));
  return remove_stored(target, live, options);
}

Answer<Written> ObjectRemover::remove_all(const ObjectTarget& target, const ApiRequest& request,
                                          const RemoveOptions& options) {
  const Answer<ListQuery> query = read_list_query(*target.kind, request);
  if (!query) return refuse(query.error());
  const int64_t version = store_.version();
  std::vector<Stored> chosen;
  const Status visited = store_.visit(stored_name(target.kind->type), target.key.ns, std::nullopt,
                                      std::nullopt, [&](const Stored& object) {
                                        if (query->selection.matches(*target.kind, *object))
                                          chosen.push_back(object);
                                        return true;
                                      });
  HOLMES_ASSERT(visited.has_value());
  const RemoveOptions each{.propagation = options.propagation, .dry_run = options.dry_run};
  for (const Stored& object : chosen) {
    if (const Answer<Written> done = remove_stored(target, object, each); !done) {
      return refuse(done.error());
    }
  }
  return Written{
      .status = 200,
      .bytes = show_list(*target.kind, {}, chosen, {.version = version}, loop_.wall_now())};
}

Answer<Written> ObjectRemover::remove_stored(const ObjectTarget& target, const Stored& live,
                                             const RemoveOptions& options) {
  const Kind& kind = *target.kind;
  if (Answer<void> fine = check_preconditions(target, live, options); !fine) {
    return refuse(fine.error());
  }
  json::object object = read_view(kind, *live);
  const json::object before = object;
  set_propagation(object, options.propagation);
  if (!is_held(object)) {
    if (!options.dry_run) {
      if (live->resource == kDefinitions) remove_instances(object);
      writer_.erase(live);
    }
    return Written{.status = 200, .bytes = success(kind.type, live)};
  }
  if (!live->deleting) {
    json::object& metadata = metadata_of(object);
    metadata["deletionTimestamp"] = format_rfc3339(loop_.wall_now());
    if (!is_namespace(kind)) metadata["deletionGracePeriodSeconds"] = 0;
    if (kind.has_generation) {
      metadata["generation"] = json_int(metadata, {"generation"}).value_or(0) + 1;
    }
    if (is_namespace(kind)) object["status"] = json::object{{"phase", "Terminating"}};
  }
  if (options.dry_run || object == before) {
    return Written{.status = 200, .bytes = to_text(object)};
  }
  const Stored stored = writer_.overwrite(live, stored_form(kind, std::move(object)));
  HOLMES_ASSERT(stored != nullptr);
  return Written{.status = 200, .bytes = encode_view(kind, *stored)};
}

// A kind goes with all of its objects, whatever holds them.
void ObjectRemover::remove_instances(const json::object& definition) {
  const std::string plural = json_string_or(definition, {"spec", "names", "plural"});
  const std::string group = json_string_or(definition, {"spec", "group"});
  const ResourceType type{group, "", plural, "", true};
  if (kinds_.is_built_in(stored_name(type))) return;
  std::vector<Stored> instances;
  const Status visited =
      store_.visit(stored_name(type), "", std::nullopt, std::nullopt, [&](const Stored& object) {
        instances.push_back(object);
        return true;
      });
  HOLMES_ASSERT(visited.has_value());
  for (const Stored& object : instances) writer_.erase(object);
  for (const KindPtr& kind : kinds_.all()) {
    if (kind->type.group == group && kind->type.plural == plural) kinds_.undefine(kind->type);
  }
}

}  // namespace holmes::kube
