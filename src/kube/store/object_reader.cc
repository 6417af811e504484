#include "kube/store/object_reader.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kube/store/list_query.h"
#include "kube/store/object_view.h"
#include "kube/store/watch_stream.h"

namespace holmes::kube {
namespace {

Refusal continue_expired() {
  return expired(
      "The provided continue parameter is too old to display a consistent list result. You can "
      "start a new list without the continue parameter.");
}

struct Page {
  std::vector<Stored> items;
  ListMeta meta;
};

// Items as text, piece by piece: a long list is never held whole.
class ListStream final : public HttpBody {
 public:
  ListStream(KindPtr kind, Page page) : kind_(std::move(kind)), page_(std::move(page)) {}

  Task<Result<std::optional<std::string>>> next(Stop /*stop*/) override {
    if (ended_) co_return std::nullopt;
    std::string piece;
    if (at_ == 0) piece = list_head(*kind_, page_.meta);
    while (at_ < page_.items.size() && piece.size() < kListPieceBytes) {
      if (at_ > 0) piece += ',';
      piece += list_item(*kind_, *page_.items[at_]);
      page_.items[at_++].reset();
    }
    if (at_ == page_.items.size()) {
      piece += "]}";
      ended_ = true;
    }
    co_return piece;
  }

 private:
  const KindPtr kind_;
  Page page_;
  size_t at_ = 0;
  bool ended_ = false;
};

Answer<Page> collect(const ObjectStore& store, const ObjectTarget& target, const ListQuery& query) {
  const Kind& kind = *target.kind;
  const std::string resource = stored_name(kind.type);
  Page page;
  std::optional<int64_t> at = query.from ? std::optional(query.from->version) : query.exact;
  const int64_t asked = at.value_or(query.not_older.value_or(0));
  if (asked > store.version()) return refuse(version_too_large(asked, store.version()));
  page.meta.version = at.value_or(store.version());
  if (at == store.version()) at.reset();
  bool more = false;
  const std::optional<ObjectKey> after =
      query.from ? std::optional(query.from->after) : std::nullopt;
  int64_t behind = 0;
  const Status visited = store.visit(resource, target.key.ns, after, at, [&](const Stored& object) {
    if (!query.selection.matches(kind, *object)) return true;
    if (query.limit > 0 && std::cmp_equal(page.items.size(), query.limit)) {
      more = true;
      ++behind;
      return query.selection.everything();  // else nobody counts the rest
    }
    page.items.push_back(object);
    return true;
  });
  if (!visited) {
    if (query.from) return refuse(continue_expired());
    return refuse(expired(fmt::format("The resourceVersion for the provided list is too old.")));
  }
  if (more) {
    page.meta.continue_token = ContinueToken{page.meta.version, page.items.back()->key}.encode();
    page.meta.remaining = query.selection.everything() ? behind : 0;
  }
  return page;
}

}  // namespace

Refusal not_durable(const Error& error) {
  Refusal refusal;
  refusal.code = error.code == ErrorCode::kUnavailable ? 500 : 504;
  refusal.reason = error.code == ErrorCode::kUnavailable ? "InternalError" : "Timeout";
  refusal.message = error.message;
  return refusal;
}

ObjectReader::ObjectReader(Loop& loop, ObjectStore& store) : loop_(loop), store_(store) {}

Task<Answer<ApiAnswer>> ObjectReader::get(ObjectTarget target, ApiRequest request, Stop stop) {
  const Answer<Representation> as =
      choose_representation(request.accept, request.parameter("includeObject"));
  if (!as) co_return refuse(as.error());
  const Answer<int64_t> asked = read_version(request);
  if (!asked) co_return refuse(asked.error());
  const int64_t version = store_.version();
  if (*asked > version) co_return refuse(version_too_large(*asked, version));
  const Stored object = store_.find(stored_name(target.kind->type), target.key);
  if (const Status durable = co_await store_.durable(version, stop); !durable) {
    co_return refuse(not_durable(durable.error()));
  }
  if (object == nullptr) co_return refuse(not_found(target.kind->type, target.key.name));
  ApiAnswer answer;
  answer.body =
      show_object(*target.kind, *as, encode_view(*target.kind, *object), loop_.wall_now());
  co_return answer;
}

Task<Answer<ApiAnswer>> ObjectReader::list(ObjectTarget target, ApiRequest request, Stop stop) {
  const Answer<Representation> as =
      choose_representation(request.accept, request.parameter("includeObject"));
  if (!as) co_return refuse(as.error());
  const Answer<ListQuery> query = read_list_query(*target.kind, request);
  if (!query) co_return refuse(query.error());
  const int64_t version = store_.version();
  Answer<Page> page = collect(store_, target, *query);
  if (!page) co_return refuse(page.error());
  if (const Status durable = co_await store_.durable(version, stop); !durable) {
    co_return refuse(not_durable(durable.error()));
  }
  ApiAnswer answer;
  if (as->form == Form::kObject) {
    answer.stream = std::make_shared<ListStream>(target.kind, *std::move(page));
  } else {
    answer.body = show_list(*target.kind, *as, page->items, page->meta, loop_.wall_now());
  }
  co_return answer;
}

Task<Answer<ApiAnswer>> ObjectReader::watch(ObjectTarget target, ApiRequest request, Stop stop) {
  Answer<Representation> as =
      choose_representation(request.accept, request.parameter("includeObject"));
  if (!as) co_return refuse(as.error());
  Answer<WatchQuery> query = read_watch_query(*target.kind, request);
  if (!query) co_return refuse(query.error());
  const int64_t version = store_.version();
  auto stream = WatchStream::open(loop_, store_, target, *std::move(query), *std::move(as));
  if (const Status durable = co_await store_.durable(version, stop); !durable) {
    co_return refuse(not_durable(durable.error()));
  }
  ApiAnswer answer;
  answer.stream = std::move(stream);
  co_return answer;
}

}  // namespace holmes::kube
