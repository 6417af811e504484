#include "kube/store/watch_stream.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "kube/store/object_view.h"

namespace holmes::kube {

std::unique_ptr<WatchStream> WatchStream::open(Loop& loop, ObjectStore& store, ObjectTarget target,
                                               WatchQuery query, Representation as) {
  std::unique_ptr<WatchStream> stream(
      new WatchStream(loop, std::move(target), std::move(query), std::move(as)));
  stream->begin(store);
  return stream;
}

WatchStream::WatchStream(Loop& loop, ObjectTarget target, WatchQuery query, Representation as)
    : loop_(loop),
      target_(std::move(target)),
      query_(std::move(query)),
      as_(std::move(as)),
      ends_(loop.mono_now() + query_.timeout),
      next_bookmark_(next_bookmark(loop.mono_now())) {}

// Whoever watches again begins at the last one.
MonoTime WatchStream::next_bookmark(MonoTime now) const {
  const MonoTime last = ends_ - kLastBookmark;
  const MonoTime regular = now + kBookmarkInterval;
  return now < last ? std::min(regular, last) : regular;
}

void WatchStream::begin(ObjectStore& store) {
  const std::string resource = stored_name(target_.kind->type);
  int64_t after = query_.after.value_or(store.version());
  if (after < 0) after = store.version();
  if (!query_.after) {
    initial_version_ = after;
    const Status visited = store.visit(resource, target_.key.ns, std::nullopt, std::nullopt,
                                       [&](const Stored& object) {
                                         if (watches(*object)) initial_.push_back(object);
                                         return true;
                                       });
    HOLMES_ASSERT(visited.has_value());
  }
  auto feed = store.follow(resource, after);
  if (feed) {
    feed_ = *std::move(feed);
  } else {
    refusal_ = expired(fmt::format("too old resource version: {} ({})", after, store.compacted()));
  }
}

Task<Result<std::optional<std::string>>> WatchStream::next(Stop stop) {
  std::string text;
  if (!std::exchange(began_, true)) text = initial_events();
  if (!text.empty()) co_return text;
  while (feed_ != nullptr) {
    const MonoTime wakes = query_.bookmarks ? std::min(ends_, next_bookmark_) : ends_;
    const StopSource limit(stop, loop_, wakes);
    const Result<std::vector<StoredChange>> changes = co_await feed_->next(limit.stop());
    if (stop.requested()) co_return fail(stop.error("watch"));
    if (!changes) {
      if (changes.error().code != ErrorCode::kGone) co_return fail(changes.error());
      add_error(expired(fmt::format("too old resource version: {}", feed_->version())), text);
      feed_.reset();
      co_return text;
    }
    for (const StoredChange& change : *changes) add_change(change, text);
    if (text.empty() && query_.bookmarks && loop_.mono_now() >= next_bookmark_) {
      text = bookmark(false);
      next_bookmark_ = next_bookmark(loop_.mono_now());
    }
    if (loop_.mono_now() >= ends_) feed_.reset();
    if (!text.empty()) co_return text;
  }
  co_return std::nullopt;
}

std::string WatchStream::initial_events() {
  std::string text;
  if (refusal_) {
    add_error(*refusal_, text);
    return text;
  }
  for (const Stored& object : initial_) {
    add_event("ADDED", encode_view(*target_.kind, *object), text);
  }
  initial_ = {};
  if (query_.marks_initial_end) text += bookmark(true);
  return text;
}

bool WatchStream::watches(const StoredObject& object) const {
  if (!target_.key.ns.empty() && object.key.ns != target_.key.ns) return false;
  if (!target_.key.name.empty() && object.key.name != target_.key.name) return false;
  return query_.selection.matches(*target_.kind, object);
}

// What comes into the selection is ADDED, what leaves it DELETED.
void WatchStream::add_change(const StoredChange& change, std::string& text) {
  const bool before = change.before != nullptr && watches(*change.before);
  const bool after = change.after != nullptr && watches(*change.after);
  if (after) {
    add_event(before ? "MODIFIED" : "ADDED", encode_view(*target_.kind, *change.after), text);
  } else if (before) {
    // The last state that was selected, at the version at which it went.
    json::object last = read_view(*target_.kind, *change.before);
    last["metadata"].as_object()["resourceVersion"] = fmt::format("{}", change.version);
    add_event("DELETED", to_text(last), text);
  }
}

void WatchStream::add_event(std::string_view type, const std::string& object, std::string& text) {
  text += fmt::format(R"({{"type":"{}","object":)", type);
  text += show_object(*target_.kind, as_, object, loop_.wall_now(), !columns_sent_);
  text += "}\n";
  columns_sent_ = true;
}

void WatchStream::add_error(const Refusal& refusal, std::string& text) const {
  text += fmt::format("{{\"type\":\"ERROR\",\"object\":{}}}\n", to_text(to_json(refusal)));
}

std::string WatchStream::bookmark(bool ends_initial) const {
  const ResourceType& type = target_.kind->type;
  json::object metadata{
      {"resourceVersion", fmt::format("{}", ends_initial ? initial_version_ : feed_->version())}};
  if (ends_initial) {
    metadata["annotations"] = json::object{{"k8s.io/initial-events-end", "true"}};
  }
  const json::object object{
      {"kind", type.kind}, {"apiVersion", type.api_version()}, {"metadata", std::move(metadata)}};
  return fmt::format("{{\"type\":\"BOOKMARK\",\"object\":{}}}\n", to_text(object));
}

}  // namespace holmes::kube
