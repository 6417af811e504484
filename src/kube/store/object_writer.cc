#include "kube/store/object_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/strings.h"
#include "kube/store/builtin_rules.h"
#include "kube/store/custom_kind.h"
#include "kube/store/field_error.h"
#include "kube/store/meta_rules.h"
#include "kube/store/object_identity.h"
#include "kube/store/object_view.h"
#include "kube/store/patch.h"

namespace holmes::kube {
namespace {

std::string cannot_handle(const ResourceType& type, std::string_view why) {
  return fmt::format("{} in version \"{}\" cannot be handled as a {}: {}", type.kind, type.version,
                     type.kind, why);
}

Answer<json::object> parse_body(const ObjectTarget& target, std::string_view body) {
  Result<json::object> object = parse_json_object(body);
  if (object) return *std::move(object);
  return refuse(bad_request(cannot_handle(target.kind->type, object.error().message)));
}

void copy_member(const json::object& from, json::object& to, std::string_view name) {
  const json::value* value = from.if_contains(name);
  if (value == nullptr) {
    to.erase(name);
  } else {
    to[name] = *value;
  }
}

// What a request cannot change: at /status everything else, elsewhere the status.
void keep_other_door(const ObjectTarget& target, const json::object& old, json::object& next) {
  if (!target.kind->has_status) return;
  if (!target.status()) return copy_member(old, next, "status");
  json::object kept = old;
  copy_member(next, kept, "status");
  copy_member(metadata_of(next), metadata_of(kept), "managedFields");
  copy_member(metadata_of(next), metadata_of(kept), "resourceVersion");
  next = std::move(kept);
}

// Members of the metadata that only the server writes.
void keep_server_metadata(const json::object& old, json::object& next) {
  const json::object& before = old.at("metadata").get_object();
  json::object& now = metadata_of(next);
  for (const std::string_view field : {"uid", "name", "namespace"}) {
    if (json_string_or(now, {field}).empty()) copy_member(before, now, field);
  }
  if (!json_int(now, {"deletionGracePeriodSeconds"})) {
    copy_member(before, now, "deletionGracePeriodSeconds");
  }
  for (const std::string_view field :
       {"creationTimestamp", "generation", "deletionTimestamp", "resourceVersion"}) {
    copy_member(before, now, field);
  }
  now.erase("selfLink");
}

// Whether anything that generation counts differs.
bool spec_changed(const Kind& kind, const json::object& old, const json::object& next) {
  const auto counted = [&](std::string_view name) {
    if (kind.schema == nullptr) return name == "spec";
    return name != "metadata" && !(kind.has_status && name == "status");
  };
  for (const auto& [name, value] : next) {
    if (!counted(name)) continue;
    const json::value* before = old.if_contains(name);
    if (before == nullptr || *before != value) return true;
  }
  return std::ranges::any_of(old, [&](const auto& member) {
    return counted(member.key()) && !next.contains(member.key());
  });
}

void forget_owner_times(json::object& object) {
  const json::value* managed = json_find(object, {"metadata", "managedFields"});
  if (managed == nullptr || !managed->is_array()) return;
  for (json::value& entry : metadata_of(object)["managedFields"].get_array()) {
    if (entry.is_object()) entry.get_object().erase("time");
  }
}

// Times at which owners wrote say nothing.
bool says_the_same(const json::object& old, const json::object& next) {
  if (old == next) return true;
  json::object a = old;
  json::object b = next;
  forget_owner_times(a);
  forget_owner_times(b);
  return a == b;
}

std::string storage_key(const ObjectTarget& target) {
  const ResourceType& type = target.kind->type;
  const bool custom = target.kind->schema != nullptr;
  return fmt::format("/registry/{}{}/{}{}{}", custom ? type.group + "/" : "", type.plural,
                     target.key.ns, target.key.ns.empty() ? "" : "/", target.key.name);
}

Answer<void> check_guards(const ObjectTarget& target, const json::object& old,
                          const json::object& next) {
  const ResourceType& type = target.kind->type;
  const std::string uid = json_string_or(next, {"metadata", "uid"});
  const std::string real = json_string_or(old, {"metadata", "uid"});
  if (!uid.empty() && uid != real) {
    return refuse(
        conflict(type, target.key.name,
                 fmt::format("StorageError: invalid object, Code: 4, Key: {}, ResourceVersion: 0, "
                             "AdditionalErrorMsg: Precondition failed: UID in precondition: {}, "
                             "UID in object meta: {}",
                             storage_key(target), uid, real)));
  }
  const std::string version = json_string_or(next, {"metadata", "resourceVersion"});
  if (!version.empty() && version != json_string_or(old, {"metadata", "resourceVersion"})) {
    return refuse(modified(type, target.key.name));
  }
  return {};
}

// Of the encoding, nearly: numbers and words count as a few bytes.
size_t text_bytes(const json::value& value) {
  constexpr size_t kWord = 6;
  size_t bytes = kWord;
  if (const json::string* text = value.if_string()) bytes += text->size();
  if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) bytes += text_bytes(item);
  }
  if (const json::object* object = value.if_object()) {
    for (const auto& [name, member] : *object) bytes += name.size() + text_bytes(member);
  }
  return bytes;
}

// What the API server says of an object that etcd does not take.
Refusal too_large() {
  Refusal refusal;
  refusal.message = "etcdserver: request is too large";
  return refusal;
}

bool being_deleted(const json::object& object) {
  return json_string(object, {"metadata", "deletionTimestamp"}).has_value();
}

}  // namespace

ObjectWriter::ObjectWriter(Loop& loop, Random& random, ObjectStore& store, KindTable& kinds)
    : loop_(loop), random_(random), store_(store), kinds_(kinds) {}

Answer<Written> ObjectWriter::create(const ObjectTarget& target, json::object object,
                                     const WriteOptions& options) {
  if (Answer<void> fine = check_identity(target, object, options); !fine)
    return refuse(fine.error());
  if (!json_string_or(object, {"metadata", "resourceVersion"}).empty()) {
    Refusal refusal;
    refusal.message = "resourceVersion should not be set on objects to be created";
    return refuse(std::move(refusal));
  }
  return insert(target, std::move(object), options);
}

Answer<Written> ObjectWriter::replace(const ObjectTarget& target, json::object object,
                                      const WriteOptions& options) {
  if (Answer<void> fine = check_identity(target, object, options); !fine)
    return refuse(fine.error());
  Stored live;
  Answer<json::object> old = read_live(target, live);
  if (!old) return refuse(old.error());
  const bool guarded = !json_string_or(object, {"metadata", "resourceVersion"}).empty();
  if (Answer<void> fine = check_guards(target, *old, object); !fine) return refuse(fine.error());
  if (!guarded && target.kind->schema != nullptr) {
    ResourceType named = target.kind->type;
    named.kind = named.plural;
    return refuse(invalid(named, target.key.name,
                          {field::invalid("metadata.resourceVersion", json::value(0),
                                          "must be specified for an update")}));
  }
  return update(target, live, *old, std::move(object), options, false);
}

Answer<Written> ObjectWriter::patch(const ObjectTarget& target, std::string_view content_type,
                                    std::string_view body, const WriteOptions& options) {
  const std::string_view type = media_type(content_type);
  if (type == kApplyPatchType) return apply(target, body, options);
  const bool built_in = target.kind->schema == nullptr;
  if (type != kJsonPatchType && type != kMergePatchType &&
      !(built_in && type == kStrategicPatchType)) {
    return refuse(built_in ? no_such_media_type()
                           : unsupported_media_type(fmt::format("{}, {}, {}", kJsonPatchType,
                                                                kMergePatchType, kApplyPatchType)));
  }
  Stored live;
  Answer<json::object> old = read_live(target, live);
  if (!old) return refuse(old.error());
  Result<json::value> parsed = parse_json(body);
  if (!parsed) {
    return refuse(bad_request("error decoding patch: " + go_json_error(parsed.error().message)));
  }
  Answer<json::object> next = json::object();
  if (type == kJsonPatchType) {
    next = apply_json_patch(*old, *parsed);
  } else if (!parsed->is_object()) {
    return refuse(bad_request(
        parsed->is_null() ? "Invalid JSON Patch"
                          : fmt::format("error decoding patch: json: cannot unmarshal {} into Go "
                                        "value of type map[string]interface {{}}",
                                        go_kind(*parsed))));
  } else if (type == kMergePatchType) {
    next = apply_merge_patch(*old, parsed->get_object());
  } else {
    next = apply_strategic_patch(*old, parsed->get_object());
  }
  if (!next) return refuse(next.error());
  if (json_string_or(*next, {"metadata", "name"}).empty()) {
    return refuse(
        bad_request(fmt::format("the name of the object ({} based on URL) was "
                                "undeterminable: name must be provided",
                                target.key.name)));
  }
  if (Answer<void> fine = check_patched_version(target, *next); !fine) return refuse(fine.error());
  if (Answer<void> fine = check_identity(target, *next, options); !fine)
    return refuse(fine.error());
  if (json_string_or(*next, {"metadata", "resourceVersion"}) !=
      json_string_or(*old, {"metadata", "resourceVersion"})) {
    return refuse(modified(target.kind->type, target.key.name));
  }
  return update(target, live, *old, *std::move(next), options, false);
}

Answer<Written> ObjectWriter::apply(const ObjectTarget& target, std::string_view body,
                                    const WriteOptions& options) {
  const bool nothing = trim(body).empty() || trim(body) == "null";
  Answer<json::object> applied = nothing ? json::object() : parse_body(target, body);
  if (!applied) return refuse(applied.error());
  const FieldOwner owner = owner_of(target, options);
  Stored live = store_.find(stored_name(target.kind->type), target.key);
  if (live == nullptr && !target.subresource.empty()) {
    return refuse(not_found(target.kind->type, target.key.name));
  }
  if (Answer<void> fine = check_place(target, *applied); !fine) return refuse(fine.error());
  if (live == nullptr) {
    Answer<json::object> made = apply_object(*target.kind, nullptr, *applied, owner, options.force);
    if (!made) return refuse(made.error());
    set_meta(*made, "namespace", target.key.ns);
    set_meta(*made, "name", target.key.name);
    return insert(target, *std::move(made), options);
  }
  const json::object old = read_view(*target.kind, *live);
  const std::string version = json_string_or(*applied, {"metadata", "resourceVersion"});
  if (!version.empty() && version != json_string_or(old, {"metadata", "resourceVersion"})) {
    return refuse(modified(target.kind->type, target.key.name));
  }
  Answer<json::object> next = apply_object(*target.kind, &old, *applied, owner, options.force);
  if (!next) return refuse(next.error());
  return update(target, live, old, *std::move(next), options, true);
}

Answer<json::object> ObjectWriter::read_live(const ObjectTarget& target, Stored& live) const {
  live = store_.find(stored_name(target.kind->type), target.key);
  if (live == nullptr) return refuse(not_found(target.kind->type, target.key.name));
  return read_view(*target.kind, *live);
}

Answer<Written> ObjectWriter::insert(const ObjectTarget& target, json::object object,
                                     const WriteOptions& options) {
  const Kind& kind = *target.kind;
  json::object& metadata = metadata_of(object);
  for (const std::string_view field :
       {"selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion"}) {
    metadata.erase(field);
  }
  const std::string base = json_string_or(metadata, {"generateName"});
  std::string name = json_string_or(metadata, {"name"});
  if (name.empty() && !base.empty()) name = generate_name(base, random_.next());
  set_meta(object, "name", name);
  if (Answer<void> fine = check_namespace(target, name); !fine) return refuse(fine.error());
  metadata["uid"] = random_.uuid4();
  metadata["creationTimestamp"] = format_rfc3339(loop_.wall_now());
  if (kind.has_generation) {
    metadata["generation"] = 1;
  } else {
    metadata.erase("generation");
  }
  if (kind.has_status) object.erase("status");
  Written written{.status = 201, .bytes = {}};
  if (auto fine = fit_schema(target, object, nullptr, options, written.warnings); !fine) {
    return refuse(fine.error());
  }
  if (const Stored there = store_.find(stored_name(kind.type), {target.key.ns, name})) {
    Refusal refusal = already_exists(kind.type, name);
    if (there->deleting) refusal.message = "object is being deleted: " + refusal.message;
    refusal.warnings = std::move(written.warnings);
    return refuse(std::move(refusal));
  }
  if (options.dry_run) {
    written.bytes = to_text(object);
    return written;
  }
  const Stored stored = store_.put([&](int64_t version) {
    return encode_stored(stored_name(kind.type), version, stored_form(kind, std::move(object)));
  });
  serve_definition(*stored);
  written.bytes = encode_view(kind, *stored);
  return written;
}

Answer<Written> ObjectWriter::update(const ObjectTarget& target, const Stored& live,
                                     const json::object& old, json::object next,
                                     const WriteOptions& options, bool owners_known) {
  const Kind& kind = *target.kind;
  keep_other_door(target, old, next);
  keep_server_metadata(old, next);
  Written written;
  if (auto fine = fit_schema(target, next, &old, options, written.warnings); !fine) {
    return refuse(fine.error());
  }
  if (!owners_known) note_owner(kind, old, next, owner_of(target, options));
  if (kind.has_generation && spec_changed(kind, old, next)) {
    metadata_of(next)["generation"] = json_int(old, {"metadata", "generation"}).value_or(0) + 1;
  }
  if (options.dry_run || says_the_same(old, next)) {
    written.bytes = options.dry_run ? to_text(next) : encode_view(kind, *live);
    return written;
  }
  json::object kept = next;
  const Stored stored = overwrite(live, stored_form(kind, std::move(next)));
  written.bytes = stored == nullptr ? to_text(kept) : encode_view(kind, *stored);
  return written;
}

Stored ObjectWriter::overwrite(const Stored& live, json::object next) {
  if (being_deleted(next) && !is_held(next)) {
    erase(live);
    return nullptr;
  }
  Stored stored = store_.put(
      [&](int64_t version) { return encode_stored(live->resource, version, std::move(next)); });
  serve_definition(*stored);
  return stored;
}

void ObjectWriter::serve_definition(const StoredObject& stored) {
  if (stored.resource != kDefinitions) return;
  const json::object crd = read_view(*kinds_.find_stored(std::string(kDefinitions)), stored);
  if (!is_established(crd)) return;
  auto kind = kind_of_crd(crd);
  if (kind && !kinds_.is_built_in(stored_name(kind->type))) kinds_.define(*std::move(kind));
}

void ObjectWriter::erase(const Stored& live) {
  store_.remove([&](int64_t version) {
    Result<json::object> last = parse_json_object(live->bytes);
    HOLMES_ASSERT(last.has_value());
    return encode_stored(live->resource, version, *std::move(last));
  });
}

Answer<void> ObjectWriter::check_namespace(const ObjectTarget& target,
                                           const std::string& name) const {
  if (!target.kind->type.namespaced) return {};
  const KindPtr namespaces = kinds_.find("", "v1", "namespaces");
  const Stored ns = store_.find("namespaces", {"", target.key.ns});
  if (ns == nullptr) return refuse(not_found(namespaces->type, target.key.ns));
  if (!ns->deleting) return {};
  Refusal refusal = forbidden(
      target.kind->type, name,
      fmt::format("unable to create new content in namespace {} because it is being terminated",
                  target.key.ns));
  refusal.causes.push_back({"metadata.namespace", "NamespaceTerminating",
                            fmt::format("namespace {} is being terminated", target.key.ns)});
  return refuse(std::move(refusal));
}

Answer<void> ObjectWriter::fit_schema(const ObjectTarget& target, json::object& object,
                                      const json::object* old, const WriteOptions& options,
                                      std::vector<std::string>& warnings) const {
  const Kind& kind = *target.kind;
  drop_empty_meta(object);
  const auto refused = [&](Refusal refusal) {
    refusal.warnings = warnings;
    return refuse(std::move(refusal));
  };
  if (Answer<void> fine = fit_kind(target, object, old, options, warnings); !fine) {
    return refused(fine.error());
  }
  Causes causes =
      old == nullptr ? validate_meta(kind, object) : validate_meta_update(kind, object, *old);
  if (kind.schema == nullptr) {
    const Causes more = validate_builtin(kind, object, old);
    causes.insert(causes.end(), more.begin(), more.end());
  } else if (target.status()) {
    causes = validate_status(object, *kind.schema, *old, std::move(causes));
  } else {
    causes = validate(object, *kind.schema, old, std::move(causes));
  }
  if (!causes.empty()) {
    const std::string name = json_string_or(object, {"metadata", "name"});
    return refused(invalid(kind.type, name, std::move(causes)));
  }
  if (text_bytes(object) > kMaxStoredBytes) return refused(too_large());
  if (kind.schema == nullptr) return {};
  const std::vector<std::string> more = finalizer_warnings(object, old);
  warnings.insert(warnings.end(), more.begin(), more.end());
  settle_numbers(object);
  return {};
}

// Prunes, and fills in defaults.
Answer<void> ObjectWriter::fit_kind(const ObjectTarget& target, json::object& object,
                                    const json::object* old, const WriteOptions& options,
                                    std::vector<std::string>& warnings) const {
  const Kind& kind = *target.kind;
  if (kind.schema == nullptr) {
    if (stored_name(kind.type) == kDefinitions) return prepare_definition(object, old);
    set_builtin_defaults(kind, object, old);
    return {};
  }
  std::vector<std::string> unknown = prune_meta(object);
  std::ranges::move(prune(object, *kind.schema), std::back_inserter(unknown));
  std::string all;
  for (const std::string& path : unknown) {
    const std::string warning = fmt::format("unknown field \"{}\"", path);
    if (!all.empty()) all += ", ";
    all += warning;
    if (options.validation == FieldValidation::kWarn) warnings.push_back(warning);
  }
  if (!all.empty() && options.validation == FieldValidation::kStrict) {
    return refuse(bad_request(cannot_handle(kind.type, "strict decoding error: " + all)));
  }
  apply_defaults(object, *kind.schema);
  return {};
}

FieldOwner ObjectWriter::owner_of(const ObjectTarget& target, const WriteOptions& options) const {
  std::string manager = options.manager.empty() ? options.agent : options.manager;
  if (manager.empty()) manager = "unknown";
  return {std::move(manager), target.subresource,
          std::chrono::floor<std::chrono::seconds>(loop_.wall_now())};
}

Answer<void> ObjectWriter::prepare_definition(json::object& crd, const json::object* old) const {
  apply_crd_defaults(crd);
  const KindPtr kind = kinds_.find_stored(std::string(kDefinitions));
  const std::string name = json_string_or(crd, {"metadata", "name"});
  const auto defined = kind_of_crd(crd);
  Causes causes = defined ? Causes() : defined.error();
  if (defined && kinds_.is_built_in(stored_name(defined->type))) {
    causes.push_back(field::forbidden("metadata.name", "is a resource of this API itself"));
  }
  if (old != nullptr) {
    std::erase_if(causes, [](const Cause& cause) { return cause.field == "metadata.name"; });
    const Causes more = check_crd_update(crd, *old);
    causes.insert(causes.end(), more.begin(), more.end());
  }
  if (!causes.empty()) return refuse(invalid(kind->type, name, std::move(causes)));
  std::vector<json::object> others;
  const Status visited = store_.visit(std::string(kDefinitions), "", std::nullopt, std::nullopt,
                                      [&](const Stored& stored) {
                                        if (stored->key.name != name)
                                          others.push_back(read_view(*kind, *stored));
                                        return true;
                                      });
  HOLMES_ASSERT(visited.has_value());
  std::vector<const json::object*> pointers;
  for (const json::object& other : others) pointers.push_back(&other);
  (void)establish_crd(crd, pointers, std::chrono::floor<std::chrono::seconds>(loop_.wall_now()));
  return {};
}

}  // namespace holmes::kube
