#include "app.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <unistd.h>

namespace phyll::cli {
namespace {

/// The phylld that came with this phyllctl; else the one that the shell would find.
std::string phylld() {
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::filesystem::path beside = self.parent_path() / "phylld";
    return !error && std::filesystem::exists(beside) ? beside.string() : "phylld";
}

/// Training needs what phylld is made of, but no running one: this process becomes it.
void verify(const App& app, const std::string& bundle) {
    const std::string program = phylld();
    const char* json = app.json() ? "--json" : nullptr;
    ::execlp(program.c_str(), "phylld", "--verify", bundle.c_str(), json,
             static_cast<char*>(nullptr));
    throw Error(Code::not_found,
                fmt::format("{} cannot be started: {}; verifying needs phylld beside phyllctl or "
                            "on the PATH",
                            program, std::generic_category().message(errno)));
}

} // namespace

void add_verify_command(App& app) {
    CLI::App* command = app.commands().add_subcommand(
        "verify", "Train the run of a bundle again from what it measured, here and without its "
                  "rigs, and compare the weights");
    const auto bundle = std::make_shared<std::string>();
    command->add_option("bundle", *bundle, "File that 'phyllctl run bundle' wrote")->required();
    command->callback([&app, bundle] { verify(app, *bundle); });
}

} // namespace phyll::cli
