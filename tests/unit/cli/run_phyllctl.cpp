#include "tests/unit/cli/run_phyllctl.hpp"

#include "clients/cli/app.hpp"

#include <cstdlib>
#include <iostream>
#include <sstream>

namespace phyll::test {
namespace {

/// What a stream gets while this is there.
class Caught {
  public:
    explicit Caught(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
    Caught(const Caught&) = delete;
    Caught& operator=(const Caught&) = delete;
    ~Caught() { stream_.rdbuf(before_); }

    [[nodiscard]] std::string caught() const { return text_.str(); }

  private:
    std::ostringstream text_;
    std::ostream& stream_;
    std::streambuf* before_;
};

} // namespace

User::User() {
    ::setenv("XDG_CONFIG_HOME", folder_.path().c_str(), 1);
    ::setenv("PHYLL_ENDPOINT", "ipc:///nowhere/phylld.sock", 1);
}

User::~User() {
    ::unsetenv("XDG_CONFIG_HOME");
    ::unsetenv("PHYLL_ENDPOINT");
}

std::filesystem::path User::file(const char* name) const {
    return folder_.path() / "phyll" / name;
}

Ended User::run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "phyllctl");
    std::vector<char*> pointers;
    for (std::string& argument : arguments) {
        pointers.push_back(argument.data());
    }
    cli::App app;
    add_key_commands(app);
    add_lab_commands(app);
    add_audit_command(app);
    const Caught out(std::cout);
    const Caught err(std::cerr);
    const int status = app.run(static_cast<int>(pointers.size()), pointers.data());
    return {status, out.caught(), err.caught()};
}

} // namespace phyll::test
