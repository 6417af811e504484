// Which object some JSON text is, found without reading the rest of the text: much of what the API
// server sends is our own writes coming back. On one thread at a time, like its owner.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

namespace holmes::kube {

// Longer texts are not glanced at, so that what is kept for the next glance stays small.
inline constexpr size_t kMaxGlanceBytes = size_t{64} << 10U;

class ObjectGlance {
 public:
  ObjectGlance();
  ~ObjectGlance();
  ObjectGlance(ObjectGlance&&) noexcept;
  ObjectGlance& operator=(ObjectGlance&&) noexcept;

  // Views that last until the next glance; ns is "" where there is none.
  struct Seen {
    std::string_view event_type;  // "" of an object
    std::string_view ns;
    std::string_view name;
    std::string_view uid;
    std::string_view resource_version;
  };

  // Of a watch event ({"type", "object"}) and of an object. nullopt when not all of it (but ns) is
  // there as strings, or the text is too long: then parse it, also to learn what is wrong. What
  // stands beside them is stepped over and need not even be JSON.
  std::optional<Seen> of_event(std::string_view line) &;
  std::optional<Seen> of_object(std::string_view text) &;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace holmes::kube
