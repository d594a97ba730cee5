#pragma once

#include "daemon/config/options.hpp"
#include "daemon/training/schemes/registry.hpp"

#include <memory>
#include <string>
#include <vector>

namespace phyll::test {

/// Knows the options of schemes, and of nothing else: enough for a run file.
class SchemeOptions final : public config::OptionsResolver {
  public:
    [[nodiscard]] std::unique_ptr<google::protobuf::Message>
    make(const std::string&, const std::string& kind) const override {
        return training::scheme_kind(kind).new_options();
    }
    [[nodiscard]] std::vector<std::string> kinds(const std::string&) const override { return {}; }
};

} // namespace phyll::test
