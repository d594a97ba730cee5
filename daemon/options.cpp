#include "daemon.hpp"

#include "daemon/config/parse_toml.hpp"
#include "daemon/rig/rig_factory.hpp"
#include "daemon/training/schemes/registry.hpp"

#include <phyll/v1/run_spec.pb.h>

#include <algorithm>

namespace phyll {
namespace {

class KnownOptions final : public config::OptionsResolver {
  public:
    [[nodiscard]] std::unique_ptr<google::protobuf::Message>
    make(const std::string& message_type, const std::string& kind) const override {
        if (is_rig(message_type)) {
            return rig::new_rig_options(kind);
        }
        for (const training::SchemeKind& scheme : training::scheme_kinds()) {
            if (scheme.name == kind) {
                return scheme.new_options();
            }
        }
        return nullptr;
    }

    [[nodiscard]] std::vector<std::string> kinds(const std::string& message_type) const override {
        if (is_rig(message_type)) {
            return rig::rig_kinds();
        }
        std::vector<std::string> names;
        std::ranges::transform(training::scheme_kinds(), std::back_inserter(names),
                               &training::SchemeKind::name);
        return names;
    }

  private:
    static bool is_rig(const std::string& message_type) {
        return message_type == v1::RigConfig::descriptor()->full_name();
    }
};

} // namespace

std::unique_ptr<config::OptionsResolver> known_options() {
    return std::make_unique<KnownOptions>();
}

instruments::ReadToml read_toml() {
    return [options = std::shared_ptr<config::OptionsResolver>(known_options())](
               std::string_view text, const std::string& name, google::protobuf::Message& into) {
        config::parse_toml(text, name, {}, *options, into);
    };
}

} // namespace phyll
