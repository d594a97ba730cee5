// Says what a rig of one's own is. It reaches for no instrument: a query would.

#include "daemon/config/options.hpp"
#include "daemon/config/parse_toml.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/instruments/shelf.hpp"
#include "examples/adding-a-rig/static_response_rig.hpp"

#include <exception>
#include <iostream>

namespace {

using namespace phyll;

/// A rig's options have none of their own.
class NoOptions final : public config::OptionsResolver {
  public:
    [[nodiscard]] std::unique_ptr<google::protobuf::Message>
    make(const std::string&, const std::string&) const override {
        return nullptr;
    }
    [[nodiscard]] std::vector<std::string> kinds(const std::string&) const override { return {}; }
};

void read_toml(std::string_view text, const std::string& name, google::protobuf::Message& into) {
    config::parse_toml(text, name, {}, NoOptions(), into);
}

} // namespace

int main() {
    try {
        const SystemClock clock;
        const instruments::Shelf shelf(
            {{.name = "awg", .kind = "generator", .address = "TCPIP0::127.0.0.1::5025::SOCKET"},
             {.name = "scope", .kind = "digitiser", .address = "TCPIP0::127.0.0.1::5026::SOCKET"}},
            "/run/lock/phylld", clock, read_toml);
        const rigs::InstrumentRigKind kind = examples::static_response_kind();
        const std::unique_ptr<google::protobuf::Message> options = kind.new_options();
        read_toml("generator = \"awg\"\ndigitiser = \"scope\"\nvoltages = 3", "options", *options);
        const std::unique_ptr<rigs::InstrumentRig> rig =
            kind.make(*options, {.shelf = shelf, .clock = clock});
        const LayerSpec spec = rig->spec();
        std::cout << kind.name << ": " << spec.inputs.size() << " drives, " << spec.outputs.size()
                  << " responses, on awg and scope\n";
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "own_rig: " << error.what() << '\n';
        return 1;
    }
}
