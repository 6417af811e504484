// For the tests of this folder: an informer of toys, and what it told.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "kube/runtime/informer.h"
#include "kube/runtime/toy_testing.h"

namespace holmes::kube {

class InformerTest : public ::testing::Test, protected World {
 protected:
  void make(InformerOptions options = {}) {
    informer_ = std::make_unique<Informer<Toy>>(loop, random, api, logger, metrics, options);
    by_size_.emplace(informer_->add_index(
        [](const Toy& toy) { return toy.size == 0 ? "" : std::to_string(toy.size); }));
    informer_->on_change([this](const auto& change) { note(change); });
    tasks.spawn(informer_->run(tasks.stop()));
    loop.run_until_idle();
  }
  // "+a:u1@10" added, "-a:u1@10" deleted, "?a:u1@10" a deletion nobody saw, "a:u1@10->11" changed
  void note(const Informer<Toy>::Change& change) {
    const auto& [before, now, missed] = change;
    const Toy& toy = now ? *now : *before;
    std::string text = fmt::format("{}:{}@", toy.meta.name, toy.meta.uid);
    if (before) text += before->meta.resource_version;
    if (before && now) text += "->";
    if (now) text += now->meta.resource_version;
    changes_.push_back((before && now ? "" : now ? "+" : missed ? "?" : "-") + text);
  }
  // The names of the toys of this size, as the index knows them.
  std::string of_size(int64_t size) {
    std::set<std::string> names;
    for (const auto& toy : by_size_->find(std::to_string(size))) names.insert(toy->meta.name);
    return fmt::format("{}", fmt::join(names, " "));
  }
  std::vector<std::string> differences() { return loop.run(informer_->differences({})).value(); }
  // Synced with this list at this version and reading pipe_.
  void start(const std::string& version, const std::vector<ToySpec>& toys) {
    api.answer(page(version, toys));
    pipe_ = api.stream();
    make();
    ASSERT_TRUE(informer_->synced());
    changes_.clear();
  }
  void say(const std::string& type, const ToySpec& toy) {
    pipe_->send(event_text(type, toy));
    loop.run_until_idle();
  }
  // The watch ends for good, and this is the next list; pipe_ follows it.
  void relist(const std::string& version, const std::vector<ToySpec>& toys) {
    pipe_->send(event_text("ERROR", status_text(410, "Expired")));
    pipe_ = api.stream();
    api.answer(page(version, toys));
    loop.run_until_idle();
  }
  // The API server is away for a moment.
  void break_off() {
    api.stream();
    loop.advance(kShortWatch);
    pipe_->break_off();
    loop.run_until_idle();
  }
  std::string version(const ObjectKey& key) {
    const auto toy = informer_->get(key);
    return toy ? toy->meta.resource_version : "none";
  }
  Task<> read_into(ObjectKey key, Result<Informer<Toy>::Snapshot>& answer) {
    answer = co_await informer_->read_live(std::move(key), {});
  }
  std::vector<std::string> changes() { return std::exchange(changes_, {}); }
  void TearDown() override { close(); }

  std::unique_ptr<Informer<Toy>> informer_;
  std::optional<Informer<Toy>::Index> by_size_;
  std::shared_ptr<Pipe> pipe_;
  std::vector<std::string> changes_;
};

}  // namespace holmes::kube
