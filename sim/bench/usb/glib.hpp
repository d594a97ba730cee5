#pragma once

#include <glib-object.h>

#include <memory>
#include <string>
#include <utility>

namespace phyll::bench::usb {

template <class Object>
struct Unref {
    void operator()(Object* object) const { g_object_unref(object); }
};

/// A reference to a GObject.
template <class Object>
using GRef = std::unique_ptr<Object, Unref<Object>>;

/// Where GLib puts what went wrong.
class GErrorText {
  public:
    GErrorText() = default;
    GErrorText(const GErrorText&) = delete;
    GErrorText& operator=(const GErrorText&) = delete;
    ~GErrorText() { g_clear_error(&error_); }

    [[nodiscard]] GError** place() noexcept { return &error_; }
    [[nodiscard]] std::string words() const {
        return error_ == nullptr ? "unknown error" : error_->message;
    }

  private:
    GError* error_ = nullptr;
};

} // namespace phyll::bench::usb
