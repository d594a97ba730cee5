#pragma once

namespace CLI {
class App;
}

namespace phyll {

/// Lets phylld print its manual page and what bash completes it by.
void add_manual(CLI::App& app);

} // namespace phyll
