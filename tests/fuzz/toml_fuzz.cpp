// What people write: configurations, run files, dialects of instruments. Each input is read as all
// of them; behind a zero byte there is an override, as a run file has them from the command line.

#include "daemon/config/load.hpp"
#include "daemon/daemon.hpp"
#include "drivers/instruments/dialect.pb.h"
#include "tests/fuzz/input.hpp"

#include <optional>

using namespace phyll;
using namespace phyll::fuzz;

namespace {

/// What was read is complete: defaults and rules find nothing more to do.
void check_complete(const v1::RunSpec& spec, const config::OptionsResolver& options) {
    v1::RunSpec again = spec;
    require(expect_error_only([&] { config::check_run_spec(again, options); }),
            "a run that was read passes the checks of one that comes as a message");
    require(again.SerializeAsString() == spec.SerializeAsString(),
            "a run that was read has its defaults");
}

/// It can be sent: every text in it is one.
template <class Message>
void check_sendable(const Message& message) {
    Message again;
    require(again.ParseFromString(message.SerializeAsString()),
            "what was read can be written and read as a message");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const google::protobuf::LogSilencer silence;
    static const std::unique_ptr<config::OptionsResolver> options = known_options();
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const std::size_t end = all.find('\0');
    const std::string_view text = all.substr(0, end);
    std::vector<std::string> overrides;
    if (end != std::string_view::npos) {
        overrides.emplace_back(all.substr(end + 1));
    }
    expect_error_only(
        [&] { check_sendable(config::load_daemon_config(text, "lab.toml", *options)); });
    expect_error_only([&] {
        const v1::RunSpec spec = config::load_run_spec(text, "run.toml", overrides, *options);
        check_sendable(spec);
        check_complete(spec, *options);
    });
    expect_error_only([&] {
        instruments::v1::VnaDialect dialect;
        read_toml()(text, "dialect.toml", dialect);
        check_sendable(dialect);
    });
    return 0;
}
