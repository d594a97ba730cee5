#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace phyll::bench {

/// An option that several benches have is there once, and its value is looked up by its name.
template <class Value>
void add_shared_option(CLI::App& app, const std::string& name, Value& value,
                       const std::string& about) {
    if (app.get_option_no_throw(name) == nullptr) {
        app.add_option(name, value, about)->capture_default_str();
    }
}

template <class Value>
[[nodiscard]] Value shared_value(const CLI::App& app, const char* option, Value otherwise) {
    const CLI::Option* const found = app.get_option_no_throw(option);
    return found != nullptr && found->count() > 0 ? found->as<Value>() : otherwise;
}

} // namespace phyll::bench
