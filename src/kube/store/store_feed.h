// What a StoreFeed is made of. Part of object_store.h; nobody else needs it.
#pragma once

#include "kube/store/history.h"

namespace holmes::kube {

struct StoreFeed::Impl {
  Impl(const History& h, Trail& t, int64_t after) : history(h), trail(t), position(after) {
    ++trail.feeds;
  }
  ~Impl() { --trail.feeds; }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const History& history;
  Trail& trail;
  int64_t position;  // of the last change that was handed out
};

}  // namespace holmes::kube
