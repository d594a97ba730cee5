#include "tests/support/read_toml.hpp"

#include "daemon/config/options.hpp"
#include "daemon/config/parse_toml.hpp"

namespace phyll::test {
namespace {

class NoOptions final : public config::OptionsResolver {
  public:
    [[nodiscard]] std::unique_ptr<google::protobuf::Message>
    make(const std::string&, const std::string&) const override {
        return nullptr;
    }
    [[nodiscard]] std::vector<std::string> kinds(const std::string&) const override { return {}; }
};

} // namespace

instruments::ReadToml read_toml() {
    return [](std::string_view text, const std::string& name, google::protobuf::Message& into) {
        config::parse_toml(text, name, {}, NoOptions(), into);
    };
}

} // namespace phyll::test
