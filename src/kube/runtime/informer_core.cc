#include "kube/runtime/informer_core.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "kube/runtime/cache_comparison.h"
#include "kube/runtime/version_order.h"

namespace holmes::kube {
namespace {

bool same_state(const ObjectMeta& a, const ObjectMeta& b) {
  return a.uid == b.uid && a.resource_version == b.resource_version;
}

ObjectGlance::Seen seen(const json::object& object) {
  const auto member = [&object](std::string_view name) {
    return json_string(object, {"metadata", name}).value_or("");
  };
  return {.event_type = "",
          .ns = member("namespace"),
          .name = member("name"),
          .uid = member("uid"),
          .resource_version = member("resourceVersion")};
}

bool too_deep(const json::object& object) {
  return !std::ranges::all_of(object, [](const auto& member) {
    return json_depth_within(member.value(), kMaxJsonDepth - 1);
  });
}

}  // namespace

// One list-watch and how far it has come. Rounds count its lists: an entry that a completed round
// did not list does not exist, unless it was written while that round went on.
class InformerCore::Scope final : public ObjectSink {
 public:
  Scope(InformerCore& core, Random& random, std::string ns)
      : core_(core),
        ns_(std::move(ns)),
        list_watch_(core.loop_, random, core.transport_, core.logger_, core.metrics_, core.type_,
                    *this,
                    {.ns = ns_,
                     .label_selector = core.options_.label_selector,
                     .field_selector = core.options_.field_selector}) {}

  // A key or metadata.
  [[nodiscard]] bool covers(const auto& object) const { return ns_.empty() || ns_ == object.ns; }
  [[nodiscard]] const std::string& ns() const { return ns_; }
  [[nodiscard]] const std::string& version() const { return version_; }
  [[nodiscard]] uint64_t round() const { return round_; }
  [[nodiscard]] uint64_t completed_round() const { return completed_round_; }
  [[nodiscard]] bool synced() const { return list_watch_.machine().synced(); }
  ListWatch& list_watch() { return list_watch_; }

  // A version that counts as noted for each object here; empty: none.
  [[nodiscard]] const std::string& noted_for_all() const { return noted_for_all_; }
  void note_for_all(const std::string& version) {
    if (noted_for_all_.empty() || newer(version, noted_for_all_)) noted_for_all_ = version;
  }

  void list_began() override { ++round_; }
  void list_item(const json::object& object) override;
  void list_completed(const std::string& version) override;
  void object_changed(const json::object& object) override;
  // Mostly an own write: not worth decoding again.
  [[nodiscard]] bool knows(const ObjectGlance::Seen& object) const override {
    return core_.known(object) != nullptr;
  }
  void object_deleted(const json::object& object) override;
  void version_reached(const std::string& version) override {
    version_ = version;
    core_.progressed();
  }
  void all_gone() override;
  std::vector<Witness> newest(size_t most) override;

 private:
  void erase_if(const std::function<bool(const Entry&)>& condition);

  InformerCore& core_;
  std::string ns_;
  std::string version_;
  std::string noted_for_all_;
  uint64_t round_ = 0;
  uint64_t completed_round_ = 0;
  ListWatch list_watch_;
};

void InformerCore::Scope::list_item(const json::object& object) {
  if (const Entry* known = core_.known(seen(object))) {
    known->listed_in = round_;
    return;
  }
  const Result<ErasedObject> read = core_.read(object);
  if (!read) return core_.refuse(object, read.error());
  const ObjectMeta& meta = *read->meta;
  if (const auto found = core_.objects_.find(meta.key()); found != core_.objects_.end()) {
    const Entry& entry = *found;
    if (entry.written_in == round_ &&
        newer(entry.object.meta->resource_version, meta.resource_version)) {
      entry.listed_in = round_;
      return;
    }
  }
  // The list is the truth, also when its versions are older (a restored etcd).
  core_.put({.object = *read, .listed_in = round_});
}

void InformerCore::Scope::list_completed(const std::string& version) {
  version_ = version;
  completed_round_ = round_;
  erase_if([&](const Entry& entry) {
    const bool written_after =
        entry.written_in == round_ && newer(entry.object.meta->resource_version, version);
    return entry.listed_in != round_ && !written_after;
  });
  core_.scope_synced();
}

void InformerCore::Scope::object_changed(const json::object& object) {
  const Result<ErasedObject> read = core_.read(object);
  if (!read) return core_.refuse(object, read.error());
  const ObjectMeta& meta = *read->meta;
  if (const auto found = core_.objects_.find(meta.key()); found != core_.objects_.end()) {
    const ObjectMeta& cached = *found->object.meta;
    if (same_state(cached, meta) || older(meta.resource_version, cached.resource_version)) return;
  }
  core_.put({.object = *read, .listed_in = round_});
}

void InformerCore::Scope::object_deleted(const json::object& object) {
  const ObjectKey key = key_of(object);
  const auto found = core_.objects_.find(key);
  if (found == core_.objects_.end()) return;
  // An own write may already have shown its successor.
  const std::string version = json_string_or(object, {"metadata", "resourceVersion"});
  if (older(version, found->object.meta->resource_version)) return;
  core_.erase(key, false);
}

void InformerCore::Scope::all_gone() {
  version_.clear();
  erase_if([](const Entry&) { return true; });
  std::erase_if(core_.noted_, [this](const auto& noted) { return covers(noted.first); });
  noted_for_all_.clear();
  core_.progressed();
}

std::vector<Witness> InformerCore::Scope::newest(size_t most) {
  std::vector<const ObjectMeta*> all;
  for (const Entry& entry : core_.objects_) {
    const ObjectMeta& meta = *entry.object.meta;
    if (covers(meta) && !newer(meta.resource_version, version_)) all.push_back(&meta);
  }
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::ranges::partial_sort(all, end, newer, &ObjectMeta::resource_version);
  std::vector<Witness> found;
  for (const ObjectMeta* meta : std::span(all.begin(), end))
    found.push_back({meta->key(), meta->uid, meta->resource_version});
  return found;
}

void InformerCore::Scope::erase_if(const std::function<bool(const Entry&)>& condition) {
  std::vector<ObjectKey> gone;
  for (const Entry& entry : core_.objects_)
    if (covers(*entry.object.meta) && condition(entry)) gone.push_back(entry.object.meta->key());
  for (const ObjectKey& key : gone) core_.erase(key, true);
}

InformerCore::InformerCore(Loop& loop, Random& random, Transport& transport, Logger logger,
                           RuntimeMetrics& metrics, ResourceType type, Decode decode,
                           InformerOptions options)
    : loop_(loop),
      transport_(transport),
      logger_(std::move(logger)),
      metrics_(metrics),
      type_(std::move(type)),
      resource_(resource_name(type_)),
      decode_(std::move(decode)),
      options_(std::move(options)),
      synced_(loop),
      progress_(loop) {
  std::set<std::string> namespaces(options_.namespaces.begin(), options_.namespaces.end());
  if (namespaces.empty() || !type_.namespaced) namespaces = {""};
  for (const std::string& ns : namespaces)
    scopes_.push_back(std::make_unique<Scope>(*this, random, ns));
}

InformerCore::~InformerCore() = default;

Task<> InformerCore::run(Stop stop) {
  TaskScope tasks(loop_, stop);
  for (const auto& scope : scopes_) tasks.spawn(scope->list_watch().run(tasks.stop()));
  if (options_.verify_interval.count() > 0) tasks.spawn(verify(tasks.stop()));
  const Status drained = co_await tasks.drain({});
  HOLMES_ASSERT(drained.has_value());
}

bool InformerCore::synced() const {
  return synced_.is_set();
}

bool InformerCore::missing_type() const {
  return std::ranges::any_of(
      scopes_, [](const auto& scope) { return scope->list_watch().machine().missing_type(); });
}

Task<Status> InformerCore::wait_synced(Stop stop) {
  return synced_.wait(std::move(stop));
}

Task<Status> InformerCore::refresh(Stop stop) {
  std::vector<std::pair<Scope*, uint64_t>> wanted;
  for (const auto& scope : scopes_) {
    wanted.emplace_back(scope.get(), scope->round() + 1);
    scope->list_watch().list_again();
  }
  const auto behind = [](const auto& want) { return want.first->completed_round() < want.second; };
  while (std::ranges::any_of(wanted, behind)) {
    if (!co_await progress_.park(stop)) co_return fail(stop.error("list again"));
  }
  co_return Status();
}

ErasedObject InformerCore::get(const ObjectKey& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? ErasedObject{} : found->object;
}

void InformerCore::for_each(const std::function<void(const ErasedObject&)>& visit) const {
  for (const Entry& entry : objects_) visit(entry.object);
}

void InformerCore::on_went_back(const std::function<void()>& callback) {
  for (const auto& scope : scopes_) scope->list_watch().on_went_back(callback);
}

void InformerCore::note_write(ErasedObject written) {
  const ObjectKey key = written.meta->key();
  Scope* scope = scope_of(key);
  if (scope == nullptr) return;
  const std::string version = written.meta->resource_version;
  const auto found = objects_.find(key);
  if (found != objects_.end()) {
    if (!newer(version, found->object.meta->resource_version)) return;
    const uint64_t listed_in = found->listed_in;
    put({.object = std::move(written), .listed_in = listed_in, .written_in = scope->round()});
    scope->list_watch().wrote(version);
    return;
  }
  // Not in the cache: new, or deleted since. If the watch has passed this version already, the
  // cache is right. Whether a new one matches the selectors, only the API server knows.
  if (selects_all() && newer(version, scope->version())) {
    put({.object = std::move(written), .written_in = scope->round()});
    scope->list_watch().wrote(version);
  } else {
    note_version(key, version);
  }
}

void InformerCore::note_version(const ObjectKey& key, const std::string& version) {
  if (scope_of(key) == nullptr) return;
  if (noted_.size() >= kMaxNotedWrites) {
    for (const auto& [key_noted, noted] : noted_) scope_of(key_noted)->note_for_all(noted);
    noted_.clear();
  }
  std::string& noted = noted_[key];
  if (noted.empty() || !older(version, noted)) noted = version;
}

void InformerCore::doubt(const ObjectKey& key) {
  if (const ErasedObject cached = get(key)) doubted_[key] = cached.meta->resource_version;
}

std::string InformerCore::version_for(const ObjectKey& key) {
  return scope_of(key) != nullptr ? scope_of(key)->version() : "";
}

void InformerCore::list_if_missed(const ObjectMeta& live, const std::string& passed) {
  const bool unseen = !passed.empty() && selects_all() && !newer(live.resource_version, passed);
  if (!unseen || get(live.key())) return;
  logger_.warning("the cache has missed an object: listing again", {{"resource", resource_}});
  scope_of(live.key())->list_watch().list_again();
}

// Another version than the one in doubt has come, or it is gone: the doubt is settled.
bool InformerCore::doubtful(const ObjectKey& key) {
  const auto doubted = doubted_.find(key);
  if (doubted == doubted_.end()) return false;
  const ErasedObject cached = get(key);
  if (cached && cached.meta->resource_version == doubted->second) return true;
  doubted_.erase(doubted);
  return false;
}

Task<Result<ErasedObject>> InformerCore::get_fresh(ObjectKey key, Stop stop) {
  if (doubtful(key)) co_return co_await read_live(std::move(key), std::move(stop));
  if (fresh(key)) co_return get(key);
  const StopSource bounded(stop, loop_, loop_.mono_now() + kMaxStaleWait);
  while (!fresh(key)) {
    if (!co_await progress_.park(bounded.stop())) break;
  }
  if (fresh(key)) co_return get(key);
  if (stop.requested()) co_return fail(stop.error("wait for the cache"));
  co_return co_await read_live(std::move(key), std::move(stop));
}

InformerCore::Scope* InformerCore::scope_of(const ObjectKey& key) {
  for (const auto& scope : scopes_) {
    if (scope->covers(key)) return scope.get();
  }
  return nullptr;
}

// Whether the cache shows the last noted version of this object, which is then forgotten. Versions
// that cannot be compared never hold anybody up.
bool InformerCore::fresh(const ObjectKey& key) {
  const Scope* scope = scope_of(key);
  if (scope == nullptr) return true;
  const bool unknown = scope->version().empty();
  const std::string& for_all = scope->noted_for_all();
  if (!for_all.empty() && (unknown || older(scope->version(), for_all))) return false;
  const auto noted = noted_.find(key);
  if (noted == noted_.end()) return true;
  const ErasedObject cached = get(key);
  const bool behind = unknown || older(scope->version(), noted->second);
  const bool cached_behind = !cached || older(cached.meta->resource_version, noted->second);
  if (behind && cached_behind) return false;
  noted_.erase(noted);
  return true;
}

Task<Result<ErasedObject>> InformerCore::read_live(ObjectKey key, Stop stop) {
  metrics_.cache_live_reads.add({resource_});
  // What was known when the question was sent: an answer that is older tells of another history.
  const ErasedObject before = get(key);
  std::string known_before = before ? before.meta->resource_version : "";
  const StopSource bounded(stop, loop_, loop_.mono_now() + kLiveReadTimeout);
  const Result<Response> answer = co_await transport_.send(get_request(type_, key), bounded.stop());
  if (!answer && answer.error().code != ErrorCode::kNotFound) co_return fail(answer.error());
  if (const auto noted = noted_.extract(key);
      !noted.empty() && !older(noted.mapped(), known_before)) {
    known_before = noted.mapped();
  }
  doubted_.erase(key);
  const ErasedObject cached = get(key);
  if (!answer) {
    // What the watch told meanwhile is newer than the answer.
    if (cached && (!before || !same_state(*before.meta, *cached.meta))) co_return cached;
    erase(key, true);
    co_return ErasedObject{};
  }
  HOLMES_CO_TRY(const json::object object, parse_json_object(answer->body, kApiReading));
  const Result<ErasedObject> live = read(object);
  if (!live) {
    refuse(object, live.error());
    co_return fail(live.error());
  }
  Scope* scope = scope_of(key);
  if (scope == nullptr) co_return *live;  // not of this cache
  const std::string& version = live->meta->resource_version;
  const bool went_back = older(version, known_before);
  if (went_back) {
    scope->list_watch().list_again();
    scope->list_watch().tell_history_went_back(version);
  }
  if (before && !cached && !went_back) co_return cached;  // the watch told of its end meanwhile
  if (cached && same_state(*cached.meta, *live->meta)) co_return cached;
  if (cached && !went_back && newer(cached.meta->resource_version, version)) co_return cached;
  if (!cached && !selects_all()) co_return *live;  // it may not match
  if (!went_back) scope->list_watch().wrote(version);
  put({.object = *live, .listed_in = scope->round(), .written_in = scope->round()});
  co_return *live;
}

const InformerCore::Entry* InformerCore::known(const ObjectGlance::Seen& object) const {
  if (object.uid.empty() || object.resource_version.empty()) return nullptr;
  const auto found = objects_.find(object);
  if (found == objects_.end()) return nullptr;
  const ObjectMeta& cached = *found->object.meta;
  const bool same = cached.uid == object.uid && cached.resource_version == object.resource_version;
  return same ? &*found : nullptr;
}

Result<ErasedObject> InformerCore::read(const json::object& object) const {
  if (too_deep(object)) {
    return fail(ErrorCode::kInvalid,
                "nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
  }
  try {
    return decode_(object);
  } catch (const std::exception& e) {  // of a library that T::from_json uses
    return fail(ErrorCode::kInvalid, e.what());
  }
}

void InformerCore::put(Entry entry) {
  const ObjectKey key = entry.object.meta->key();
  auto found = objects_.find(key);
  if (found != objects_.end() && found->object.meta->uid != entry.object.meta->uid) {
    erase(key, true);
    found = objects_.end();
  }
  const ErasedObject now = entry.object;
  ErasedObject before;
  if (found == objects_.end()) {
    objects_.insert(std::move(entry));
  } else {
    before = found->object;
    auto node = objects_.extract(found);
    node.value() = std::move(entry);
    objects_.insert(std::move(node));
  }
  notify(before, now, false);
}

// `missed`: what is in the cache may not be the object's last state.
void InformerCore::erase(const ObjectKey& key, bool missed) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return;
  const auto node = objects_.extract(found);
  doubted_.erase(key);
  notify(node.value().object, {}, missed);
}

void InformerCore::refuse(const json::object& object, const Error& why) {
  const ObjectKey key = key_of(object);
  metrics_.watch_unreadable_objects.add({resource_});
  logger_.warning("object is unreadable and left out",
                  {{"resource", resource_}, {"object", key.to_text()}, {"error", why}});
  erase(key, true);
}

void InformerCore::notify(const ErasedObject& before, const ErasedObject& now, bool missed) {
  metrics_.cache_objects.set({resource_}, static_cast<double>(objects_.size()));
  for (const auto& index : indexes_) index->changed(before, now);
  for (const Listener& listener : listeners_) listener(before, now, missed);
}

InformerIndex& InformerCore::add_index(InformerIndex::KeyOf key_of) {
  HOLMES_ASSERT(objects_.empty());
  return *indexes_.emplace_back(std::make_unique<InformerIndex>(std::move(key_of)));
}

Task<Result<std::vector<std::string>>> InformerCore::differences(Stop stop) {
  std::vector<std::string> all;
  for (const auto& scope : scopes_) {
    HOLMES_CO_TRY(const std::vector<std::string> own, co_await differences_in(*scope, stop));
    all.insert(all.end(), own.begin(), own.end());
  }
  co_return all;
}

Task<> InformerCore::verify(Stop stop) {
  while (co_await sleep_for(loop_, options_.verify_interval, stop)) {
    const Result<std::vector<std::string>> found = co_await differences(stop);
    if (!found) continue;
    metrics_.cache_comparisons.add({resource_});
    for (const std::string& difference : *found) {
      logger_.error("the cache differs from the API server",
                    {{"resource", resource_}, {"difference", difference}});
    }
  }
}

Task<Result<std::vector<std::string>>> InformerCore::differences_in(const Scope& scope, Stop stop) {
  if (scope.version().empty()) co_return fail(ErrorCode::kUnavailable, "not synced yet");
  CachedStates cached;
  for (const Entry& entry : objects_) {
    const ObjectMeta& meta = *entry.object.meta;
    if (!scope.covers(meta)) continue;
    if (newer(meta.resource_version, scope.version())) {
      cached.ahead.insert(meta.key());
    } else {
      cached.states.emplace(meta.key(), state_text(meta));
    }
  }
  CacheComparison comparison(loop_, transport_, type_,
                             [this](const json::object& item) { return read(item); });
  co_return co_await comparison.run(std::move(cached),
                                    {.ns = scope.ns(),
                                     .label_selector = options_.label_selector,
                                     .field_selector = options_.field_selector,
                                     .resource_version = scope.version()},
                                    std::move(stop));
}

void InformerCore::scope_synced() {
  const bool all = std::ranges::all_of(scopes_, [](const auto& scope) { return scope->synced(); });
  if (all) synced_.set();
  progressed();
}

}  // namespace holmes::kube
