#include "daemon/rpc/services/desk.hpp"
#include "daemon/rpc/services/services.hpp"
#include "daemon/runs/export/run_export.hpp"

#include <phyll/v1/runs.pb.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

namespace phyll::rpc {
namespace {

constexpr std::uint64_t part_bytes = std::uint64_t{1} << 20U;

/// Sends a file part by part, as fast as the client asks for it. Thread rule: the loop's thread.
class FileSender : public std::enable_shared_from_this<FileSender> {
  public:
    FileSender(const Site& site, std::shared_ptr<Call> call, std::shared_ptr<const ByteSource> file)
        : site_(site), call_(std::move(call)), file_(std::move(file)), size_(file_->size()) {}

    void next() {
        if (call_->over()) {
            return;
        }
        if (offset_ == size_) {
            call_->end();
            return;
        }
        if (!call_->take_credit()) {
            call_->when_granted([self = shared_from_this()] { self->next(); });
            return;
        }
        aside(
            site_.exports, site_, call_, [self = shared_from_this()] { return self->read(); },
            [self = shared_from_this()](zmq::message_t& part) { self->send(std::move(part)); });
    }

  private:
    [[nodiscard]] zmq::message_t read() const {
        zmq::message_t part(static_cast<std::size_t>(std::min(part_bytes, size_ - offset_)));
        file_->read(offset_, {static_cast<std::byte*>(part.data()), part.size()});
        return part;
    }

    void send(zmq::message_t part) {
        v1::ExportItem item;
        item.set_offset(offset_);
        item.set_size(size_);
        offset_ += part.size();
        Frames payload;
        payload.push_back(std::move(part));
        call_->item(item, std::move(payload));
        next();
    }

    const Site& site_;
    std::shared_ptr<Call> call_;
    std::shared_ptr<const ByteSource> file_;
    std::uint64_t size_;
    std::uint64_t offset_ = 0; ///< of the next part
};

void export_run(const Site& site, const v1::ExportRequest& request,
                const std::shared_ptr<Call>& call) {
    aside(
        site.exports, site, call,
        [run = site.runs.get(request.run()), what = request.what(), read = site.runs.reader(),
         stop = call->stop_token()] {
            return runs::export_run(run, what, read(run.info.files()), stop);
        },
        [&site, call](const std::shared_ptr<const ByteSource>& file) {
            std::make_shared<FileSender>(site, call, file)->next();
        });
}

} // namespace

void add_export_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.stream<v1::ExportRequest, v1::ExportItem>(
        "phyll.v1.Runs/Export",
        [&site](const auto& request, const auto& call) { export_run(site, request, call); });
}

} // namespace phyll::rpc
