#include "kube/runtime/list_watch.h"

#include <utility>

#include <fmt/format.h>

#include "async/wait.h"
#include "kube/core/status.h"
#include "kube/runtime/version_order.h"

namespace holmes::kube {
namespace {

// What a list that was asked for comes in place of: a watch, and a list that was to begin anyway
// and might be content with an old version.
bool gives_way(const ListWatchStep& step) {
  const auto* list = std::get_if<ListStep>(&step);
  return std::holds_alternative<WatchStep>(step) || std::holds_alternative<StreamStep>(step) ||
         (list != nullptr && list->continue_token.empty());
}

}  // namespace

std::string resource_name(const ResourceType& type) {
  return type.group.empty() ? type.plural : type.plural + "." + type.group;
}

ListWatch::ListWatch(Loop& loop, Random& random, Transport& transport, Logger logger,
                     RuntimeMetrics& metrics, ResourceType type, ObjectSink& sink,
                     ListWatchOptions options)
    : loop_(loop),
      random_(random),
      transport_(transport),
      metrics_(metrics),
      type_(std::move(type)),
      resource_(resource_name(type_)),
      sink_(sink),
      options_(std::move(options)),
      machine_(random) {
  LogFields context{{"resource", resource_}};
  if (!options_.ns.empty()) context.emplace_back("namespace", options_.ns);
  logger_ = logger.with(std::move(context));
}

Task<> ListWatch::run(Stop stop) {
  while (!stop.requested()) {
    if (list_again_ && gives_way(machine_.next())) machine_.must_list();
    const ListWatchStep step = machine_.next();
    if (const auto* stream = std::get_if<StreamStep>(&step)) {
      list_begins();
      co_await do_watch({.resource_version = stream->not_older_than, .initial_events = true}, stop);
    } else if (const auto* list = std::get_if<ListStep>(&step)) {
      co_await do_list(*list, stop);
    } else if (const auto* watch = std::get_if<WatchStep>(&step)) {
      co_await do_watch({.resource_version = watch->resource_version}, stop);
    } else if (std::holds_alternative<AskStep>(step)) {
      co_await ask(stop);
    } else {
      const Status waited = co_await sleep_for(loop_, std::get<WaitStep>(step).delay, stop);
      if (waited) machine_.waited();
    }
  }
}

void ListWatch::list_again() {
  list_again_ = true;
  if (open_watch_ != nullptr) open_watch_->request_stop();
}

void ListWatch::list_begins() {
  list_again_ = false;
  metrics_.watch_lists.add({resource_});
  sink_.list_began();
}

Task<Result<Response>> ListWatch::send_list(ListOptions options, Stop stop) {
  const StopSource bounded(stop, loop_, loop_.mono_now() + kListTimeout);
  options.ns = options_.ns;
  options.label_selector = options_.label_selector;
  options.field_selector = options_.field_selector;
  co_return co_await transport_.send(list_request(type_, options), bounded.stop());
}

Task<> ListWatch::do_list(ListStep step, Stop stop) {
  if (step.continue_token.empty()) list_begins();
  ListOptions options;
  options.limit = step.limit;
  options.continue_token = std::move(step.continue_token);
  options.resource_version = std::move(step.not_older_than);
  if (!options.resource_version.empty()) options.resource_version_match = "NotOlderThan";
  Result<Response> page = co_await send_list(std::move(options), stop);
  if (stop.requested()) co_return;
  const Status taken =
      page.has_value() ? take_page(std::move(page->body)) : Status(fail(page.error()));
  if (taken) co_return;
  machine_.list_failed(taken.error(), loop_.mono_now());
  note_failure("list", taken.error());
  if (machine_.objects_gone()) sink_.all_gone();
}

Task<> ListWatch::ask(Stop stop) {
  const Result<Response> answer = co_await send_list({.limit = 1}, stop);
  if (stop.requested()) co_return;
  const Result<DecodedList> list =
      answer ? decode_list(answer->body) : Result<DecodedList>(fail(answer.error()));
  if (!list) co_return asking_failed(list.error());
  if (!older(list->resource_version, machine_.version())) {
    const Result<bool> known = co_await knows_what_was_seen(stop);
    if (stop.requested()) co_return;
    if (!known) co_return asking_failed(known.error());
    if (!*known) co_return machine_.must_list();
  }
  if (!machine_.asked(list->resource_version)) tell_history_went_back(list->resource_version);
}

// A history that went back may have come as far as the old one meanwhile. One that is another has
// the newest objects in other versions, or lacks them; an object that was changed since tells
// nothing. False: it is another, or nobody can tell, as an object that is gone may have been
// deleted since.
Task<Result<bool>> ListWatch::knows_what_was_seen(Stop stop) {
  const std::vector<Witness> witnesses = sink_.newest(kMaxWitnesses);
  bool gone = false;
  for (const Witness& seen : witnesses) {
    HOLMES_CO_TRY(const std::string version, co_await read_version(seen, stop));
    if (version == seen.resource_version) co_return !gone;
    gone = gone || version.empty();
    if (version.empty()) continue;
    // The watch would have told of a change until here.
    if (older(version, machine_.version()) || version == machine_.version()) {
      tell_history_went_back(version);
      co_return false;
    }
  }
  co_return witnesses.empty();
}

// "" when that object is not there.
Task<Result<std::string>> ListWatch::read_version(Witness witness, Stop stop) {
  const StopSource bounded(stop, loop_, loop_.mono_now() + kListTimeout);
  const Result<Response> answer =
      co_await transport_.send(get_request(type_, witness.key), bounded.stop());
  if (!answer && answer.error().code == ErrorCode::kNotFound) co_return std::string();
  if (!answer) co_return fail(answer.error());
  HOLMES_CO_TRY(const json::object object, parse_json_object(answer->body, kApiReading));
  const bool same = json_string_or(object, {"metadata", "uid"}) == witness.uid;
  co_return same ? json_string_or(object, {"metadata", "resourceVersion"}) : std::string();
}

void ListWatch::asking_failed(const Error& error) {
  machine_.list_failed(error, loop_.mono_now());
  note_failure("list", error);
  if (machine_.objects_gone()) sink_.all_gone();
}

void ListWatch::tell_history_went_back(const std::string& version) const {
  logger_.warning("the history of the API server went back: listing again", {{"version", version}});
  if (went_back_) went_back_();
}

Status ListWatch::take_page(std::string body) {
  HOLMES_TRY(DecodedList page, decode_list(body));
  std::string().swap(body);  // not held while the objects are told
  if (page.resource_version.empty()) {
    return fail(ErrorCode::kProtocol, "list has no metadata.resourceVersion");
  }
  note_success();
  for (const json::object& item : page.items) {
    if (expected_kind(item)) sink_.list_item(item);
  }
  if (machine_.page_arrived(page.resource_version, std::move(page.continue_token))) {
    sink_.list_completed(page.resource_version);
  }
  return {};
}

Task<> ListWatch::do_watch(WatchOptions options, Stop stop) {
  const bool initial = options.initial_events;
  const WatchEnd end = co_await read_watch(std::move(options), stop);
  if (stop.requested()) co_return;
  if (list_again_) {
    machine_.must_list();
    co_return;
  }
  const std::optional<Error> failure = end.failure();
  machine_.watch_ended(end, loop_.mono_now());
  if (initial && machine_.state() == ListWatchState::kListing) {
    const Error why = failure.value_or(Error(ErrorCode::kUnavailable, "broke off"));
    if (end.opened) {
      metrics_.watch_failures.add({resource_});
      logger_.warning("a stream of all objects did not come to its end: reading them in pages",
                      {{"error", why}});
    } else {  // an older API server
      logger_.debug("no stream of all objects: reading them in pages", {{"error", why}});
    }
  } else if (failure.has_value()) {
    note_failure(initial ? "list" : "watch", *failure);
  }
  if (machine_.objects_gone()) sink_.all_gone();
}

Task<WatchEnd> ListWatch::read_watch(WatchOptions options, Stop stop) {
  const MonoTime began = loop_.mono_now();
  options.ns = options_.ns;
  options.label_selector = options_.label_selector;
  options.field_selector = options_.field_selector;
  options.timeout = std::chrono::seconds(
      static_cast<int64_t>(static_cast<double>(kWatchTimeout.count()) * (1 - random_.unit() / 5)));
  StopSource bounded(stop, loop_, began + options.timeout + kWatchMargin);
  open_watch_ = &bounded;
  WatchEnd end;
  Result<std::unique_ptr<HttpStream>> stream =
      co_await open_watch(watch_request(type_, options), bounded.stop());
  if (!stream.has_value()) {
    end.error = stream.error();
  } else {
    end.opened = true;
    if (!options.initial_events) note_success();
    co_await read_stream(**stream, end, bounded.stop());
  }
  open_watch_ = nullptr;
  end.lasted = loop_.mono_now() - began;
  co_return end;
}

Task<Result<std::unique_ptr<HttpStream>>> ListWatch::open_watch(Request request, Stop stop) {
  const StopSource bounded(stop, loop_, loop_.mono_now() + kOpenTimeout);
  co_return co_await transport_.open(std::move(request), bounded.stop());
}

Task<> ListWatch::read_stream(HttpStream& stream, WatchEnd& end, Stop stop) {
  WatchDecoder decoder;
  while (true) {
    const bool initial = machine_.state() == ListWatchState::kStreaming;
    const StopSource quiet(stop, loop_,
                           loop_.mono_now() + (initial ? kInitialEventsSilence : kSilentWatch));
    const Result<std::optional<std::string>> bytes = co_await stream.read(quiet.stop());
    if (initial && quiet.stop().requested() && !stop.requested()) {
      end.error = Error(ErrorCode::kTimeout,
                        fmt::format("the end of the initial events did not come: nothing for {} s",
                                    kInitialEventsSilence.count()));
    }
    if (!bytes.has_value()) end.broke = !quiet.stop().requested();
    if (!bytes.has_value() || !bytes->has_value()) co_return;  // ended, one way or another
    decoder.feed(**bytes);
    // Answers to own writes that came together with their events are heard first, so that the
    // events bring nothing new.
    co_await next_turn(loop_);
    if (stop.requested() || !take_events(decoder, end)) co_return;
  }
}

bool ListWatch::take_events(WatchDecoder& decoder, WatchEnd& end) {
  const WatchDecoder::IsKnown is_known = [this](const ObjectGlance::Seen& object) {
    return machine_.state() != ListWatchState::kStreaming && sink_.knows(object);
  };
  while (true) {
    const Result<std::optional<WatchEvent>> event = decoder.next(is_known);
    if (!event.has_value() && event.error().code == ErrorCode::kProtocol) {
      skip_event("unreadable", {{"error", event.error()}});
      continue;
    }
    if (!event.has_value()) {
      end.error = event.error();
      return false;
    }
    if (!event->has_value()) return true;
    if (!take_event(**event, end)) return false;
  }
}

bool ListWatch::take_event(const WatchEvent& event, WatchEnd& end) {
  switch (event.type) {
    case WatchEventType::kError:
      end.error = status_error(event.object);
      return false;
    case WatchEventType::kUnknown:
      skip_event("unknown type", {});
      return true;
    case WatchEventType::kAdded:
    case WatchEventType::kModified:
    case WatchEventType::kDeleted:
    case WatchEventType::kBookmark:
      break;
  }
  if (!event.known && !readable(event)) return true;
  end.brought_something = true;
  return machine_.state() == ListWatchState::kStreaming ? take_initial(event, end)
                                                        : take_change(event);
}

bool ListWatch::readable(const WatchEvent& event) {
  if (!expected_kind(event.object)) return false;
  if (event.resource_version.empty()) {
    skip_event("no resource version", {});
    return false;
  }
  return true;
}

// Versions come in no order before the bookmark.
bool ListWatch::take_initial(const WatchEvent& event, WatchEnd& end) {
  if (event.type == WatchEventType::kDeleted) {
    sink_.object_deleted(event.object);
  } else if (event.type != WatchEventType::kBookmark) {
    sink_.list_item(event.object);
  } else if (event.ends_initial_events) {
    note_success();
    machine_.initial_events_ended(event.resource_version);
    sink_.list_completed(event.resource_version);
  } else {
    // Bookmarks come only behind the initial events, and the first one says that it ends them.
    end.error = Error(ErrorCode::kInvalid, "the API server does not tell where the objects end");
    return false;
  }
  return true;
}

bool ListWatch::take_change(const WatchEvent& event) {
  // A history that went back is seen before its objects are believed.
  if (!machine_.advanced(event.resource_version)) {
    tell_history_went_back(event.resource_version);
    return false;
  }
  if (event.type == WatchEventType::kDeleted) {
    sink_.object_deleted(event.object);
  } else if (event.type != WatchEventType::kBookmark && !event.known) {
    sink_.object_changed(event.object);
  }
  sink_.version_reached(event.resource_version);
  return true;
}

// Items of a list of built-in kinds carry neither kind nor version; what is there must be right.
bool ListWatch::expected_kind(const json::object& object) {
  const auto kind = json_string(object, {"kind"});
  const auto api_version = json_string(object, {"apiVersion"});
  if (kind.value_or(type_.kind) == type_.kind &&
      api_version.value_or(type_.api_version()) == type_.api_version()) {
    return true;
  }
  skip_event("wrong kind", {{"kind", kind.value_or("")}, {"apiVersion", api_version.value_or("")}});
  return false;
}

void ListWatch::skip_event(const char* reason, LogFields fields) {
  metrics_.watch_skipped_events.add({resource_, reason});
  fields.emplace_back("reason", reason);
  logger_.warning("left out what the API server sent", std::move(fields));
}

// One line when trouble begins or changes, none for each retry.
void ListWatch::note_failure(const char* what, const Error& error) {
  metrics_.watch_failures.add({resource_});
  if (error.code == ErrorCode::kGone) {
    logger_.info(fmt::format(
        "{}: the version asked for is not there (any more or yet), listing again", what));
    return;
  }
  const bool missing = machine_.missing_type();
  const std::string failure = missing ? "missing" : error.message;
  if (failure == last_failure_) return;
  last_failure_ = failure;
  if (missing) {
    logger_.warning(
        fmt::format("waiting for the CRD {}: the API server does not know it", resource_),
        {{"error", error}});
  } else {
    logger_.warning(fmt::format("{} failed, retrying", what), {{"error", error}});
  }
}

void ListWatch::note_success() {
  if (last_failure_.empty()) return;
  logger_.info(last_failure_ == "missing" ? fmt::format("the CRD {} is there", resource_)
                                          : "list-watch works again");
  last_failure_.clear();
}

}  // namespace holmes::kube
