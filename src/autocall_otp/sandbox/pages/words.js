// The words of the pages, in English and Vietnamese, by the browser's languages.

const VI = {
  "sandbox": "sandbox",
  "Connecting…": "Đang kết nối…",
  "Live": "Trực tuyến",
  "Connection lost, trying again…": "Mất kết nối, đang thử lại…",
  "Chaos is on": "Đang bật nhiễu loạn",
  "Sandbox clock": "Đồng hồ của sandbox",
  "stands still": "đang đứng yên",
  "runs at {n} ×": "chạy nhanh {n} ×",
  "Skip 10 s": "Tua 10 giây",
  "Place a call": "Đặt cuộc gọi",
  "Settings": "Cài đặt",
  "Keyboard shortcuts": "Phím tắt",
  "What is shown": "Nội dung hiển thị",
  "Calls": "Cuộc gọi",
  "Requests": "Yêu cầu",
  "Filter by number, code, reference, template or text": "Lọc theo số, mã OTP, mã tham chiếu, kịch bản hoặc văn bản",
  "Number, code, reference, template…": "Số, mã OTP, mã tham chiếu, kịch bản…",
  "Filter by status": "Lọc theo trạng thái",
  "Filter": "Lọc",
  "Any status": "Tất cả",
  "Going on": "Đang diễn ra",
  "Export JSON": "Xuất JSON",
  "Clear…": "Xóa…",
  "Clear": "Xóa",
  "Calls, newest first": "Cuộc gọi, mới nhất trước",
  "{n} call": "{n} cuộc gọi",
  "{n} calls": "{n} cuộc gọi",
  "{n} of {all} calls": "{n} trong {all} cuộc gọi",
  "{n} new call": "{n} cuộc gọi mới",
  "{n} new calls": "{n} cuộc gọi mới",
  "New call {id} to {number}. Code {code}": "Cuộc gọi mới {id} đến {number}. Mã OTP {code}",
  "New call to {number}": "Cuộc gọi mới đến {number}",
  "No call fits the filter.": "Không có cuộc gọi nào khớp bộ lọc.",
  "Show older calls ({n})": "Xem cuộc gọi cũ hơn ({n})",
  "No calls yet": "Chưa có cuộc gọi nào",
  "Point your program at this sandbox and place a call. It appears here, with its code, and no phone rings.":
    "Trỏ chương trình của bạn vào sandbox này rồi đặt một cuộc gọi. Cuộc gọi và mã OTP hiện ra ở đây, không điện thoại nào đổ chuông.",
  "Settings for your program": "Cài đặt cho chương trình của bạn",
  "Copy": "Sao chép",
  "Copied": "Đã sao chép",
  "Select and copy by hand": "Hãy chọn và sao chép bằng tay",
  "Requests that failed": "Yêu cầu thất bại",
  "An ordinary number rings after 2 seconds and is answered after 7. Answer, reject or ignore the call here, or place one yourself.":
    "Một số thông thường đổ chuông sau 2 giây và được nghe máy sau 7 giây. Bạn có thể nghe, từ chối hoặc bỏ mặc cuộc gọi tại đây, hoặc tự đặt một cuộc gọi.",
  "Only requests that failed": "Chỉ yêu cầu thất bại",
  "Requests, newest first": "Yêu cầu, mới nhất trước",
  "{n} failed": "{n} thất bại",
  "{n} request": "{n} yêu cầu",
  "{n} requests": "{n} yêu cầu",
  "newest {n} of {all}": "{n} mới nhất trong {all}",
  "No request has failed.": "Không có yêu cầu nào thất bại.",
  "No request has come yet.": "Chưa có yêu cầu nào.",
  "No request has arrived yet.": "Chưa có yêu cầu nào đến.",
  "{n} request has arrived, {failed} failed.": "{n} yêu cầu đã đến, {failed} thất bại.",
  "{n} requests have arrived, {failed} failed.": "{n} yêu cầu đã đến, {failed} thất bại.",
  "no answer": "không có phản hồi",
  "Testing API": "API kiểm thử",
  "Nothing leaves this machine.": "Mọi dữ liệu đều ở lại trên máy này.",
  "Close": "Đóng",
  "Cancel": "Hủy",
  "Clock": "Đồng hồ",
  "Speed": "Tốc độ",
  "Stop": "Dừng",
  "Skip": "Tua",
  "10 s": "10 giây",
  "30 s": "30 giây",
  "5 min": "5 phút",
  "Ordinary numbers are answered after 7 seconds": "Số thông thường được nghe máy sau 7 giây",
  "A ref_id that was used before": "ref_id đã dùng trước đó",
  "rings the phone again": "điện thoại đổ chuông lần nữa",
  "gets the same answer, without a ring": "nhận lại phản hồi cũ, không đổ chuông",
  "is refused with 409": "bị từ chối với 409",
  "Chaos": "Nhiễu loạn",
  "Late answers, %": "Phản hồi trễ, %",
  "Late by, seconds": "Trễ bao lâu, giây",
  "Reset connections, %": "Ngắt kết nối, %",
  "Errors, %": "Lỗi, %",
  "Statuses of errors": "Mã trạng thái của lỗi",
  "Seed, to repeat a run": "Seed, để lặp lại kết quả",
  "Start chaos": "Bật nhiễu loạn",
  "End chaos": "Tắt nhiễu loạn",
  "Chaos is set": "Đã bật nhiễu loạn",
  "Chaos has ended": "Đã tắt nhiễu loạn",
  "Special test numbers": "Các số đặc biệt để kiểm thử",
  "Number": "Số",
  "What happens": "Điều xảy ra",
  "Place a call to {number}": "Đặt cuộc gọi đến {number}",
  "This page": "Trang này",
  "Notify me of new calls while I look elsewhere": "Thông báo cuộc gọi mới khi tôi xem chỗ khác",
  "Start afresh…": "Bắt đầu lại…",
  "Start afresh?": "Bắt đầu lại?",
  "Start afresh": "Bắt đầu lại",
  "Started afresh": "Đã bắt đầu lại",
  "All calls and requests are forgotten, chaos ends, the settings are those of the start.":
    "Mọi cuộc gọi và yêu cầu bị xóa, nhiễu loạn tắt, cài đặt trở về như lúc khởi động.",
  "The same request as your program sends, with the sandbox's token.":
    "Cùng một yêu cầu như chương trình của bạn gửi, với token của sandbox.",
  "Phone number": "Số điện thoại",
  "Code": "Mã OTP",
  "Template": "Kịch bản",
  "Reference (empty: a new one)": "Mã tham chiếu (để trống: tạo mới)",
  "The same with curl": "Làm bằng curl",
  "Place the call": "Đặt cuộc gọi",
  "Waiting for the answer…": "Đang chờ phản hồi…",
  "No answer came. The phone may ring all the same.": "Không có phản hồi. Điện thoại vẫn có thể đổ chuông.",
  "Delete {n} call?": "Xóa {n} cuộc gọi?",
  "Delete {n} calls?": "Xóa {n} cuộc gọi?",
  "Delete {n} call": "Xóa {n} cuộc gọi",
  "Delete {n} calls": "Xóa {n} cuộc gọi",
  "Those are all calls that there are.": "Đó là tất cả cuộc gọi hiện có.",
  "Those are the calls that the filter shows; the others stay.": "Chỉ xóa các cuộc gọi khớp bộ lọc; các cuộc gọi khác vẫn được giữ.",
  "{n} of them still goes on.": "{n} cuộc gọi vẫn đang diễn ra.",
  "{n} of them still go on.": "{n} cuộc gọi vẫn đang diễn ra.",
  "{n} call deleted": "Đã xóa {n} cuộc gọi",
  "{n} calls deleted": "Đã xóa {n} cuộc gọi",
  "{n} call exported": "Đã xuất {n} cuộc gọi",
  "{n} calls exported": "Đã xuất {n} cuộc gọi",
  "Shortcuts are on": "Bật phím tắt",
  "Next call": "Cuộc gọi sau",
  "Previous call": "Cuộc gọi trước",
  "Let new calls in": "Hiện cuộc gọi mới",
  "Answer": "Nghe máy",
  "Reject": "Từ chối",
  "Leave unanswered": "Không nghe máy",
  "Hang up": "Gác máy",
  "Call {id} answered": "Đã nghe cuộc gọi {id}",
  "Call {id} rejected": "Đã từ chối cuộc gọi {id}",
  "Call {id} left unanswered": "Không nghe cuộc gọi {id}",
  "Call {id} hung up": "Đã gác máy cuộc gọi {id}",
  "Call {id} deleted": "Đã xóa cuộc gọi {id}",
  "Call {id} to {number}": "Cuộc gọi {id} đến {number}",
  "Dialled {n} times with this reference": "Đã gọi {n} lần với mã tham chiếu này",
  "Copy code": "Sao chép mã OTP",
  "Copy record": "Sao chép bản ghi",
  "Record and identifiers": "Bản ghi và mã định danh",
  "Record as JSON": "Bản ghi dạng JSON",
  "Delete": "Xóa",
  "Deleted": "Đã xóa",
  "Reference": "Mã tham chiếu",
  "Placed at": "Đặt lúc",
  "Rang at": "Đổ chuông lúc",
  "Answered at": "Nghe máy lúc",
  "Ended at": "Kết thúc lúc",
  "Answered": "Đã nghe máy",
  "Campaign": "Campaign",
  "Call ID": "ID cuộc gọi",
  "{n} s": "{n} giây",
  "talked {n} s": "đàm thoại {n} giây",
  "after {n} s": "sau {n} giây",
  "That did not work: {words}": "Không thành công: {words}",
  "That did not work: the sandbox cannot be reached.": "Không thành công: không kết nối được sandbox.",
  "Queued": "Đang chờ",
  "Ringing": "Đang đổ chuông",
  "Talking": "Đang đàm thoại",
  "Busy": "Máy bận",
  "Not answered": "Không nghe máy",
  "Not available": "Không liên lạc được",
  "Invalid number": "Số không tồn tại",
  "Blocked": "Bị chặn",
  "Congestion": "Nghẽn mạng",
  "Voicemail": "Hộp thư thoại",
  "Failed": "Lỗi mạng",
  "Back to the calls": "Về danh sách cuộc gọi",
  "Testing API of the sandbox": "API kiểm thử của sandbox",
  "The same as a document:": "Cùng nội dung dạng tài liệu:",
  "Parameters": "Tham số",
  "Body": "Nội dung gửi",
  "Answers": "Phản hồi",
  "required": "bắt buộc",
};

/** What happens when a special number is called, by the number's name; English comes from the sandbox. */
const HAPPENS_VI = {
  "answered": "đổ chuông sau 2 giây, nghe máy ở giây 7, kết thúc ở giây 15",
  "busy": "máy bận ở giây 3",
  "no-answered": "đổ chuông từ giây 2 đến giây 27, không ai nghe",
  "not-available": "tắt máy hoặc ngoài vùng phủ sóng, ở giây 4",
  "invalid-number": "số không tồn tại, ở giây 1",
  "phone-block": "chặn cuộc gọi của dịch vụ, ở giây 2",
  "congestion": "không còn đường truyền, ở giây 1",
  "voicemail": "đổ chuông, hộp thư thoại nhận ở giây 20",
  "failed": "lỗi mạng, ở giây 6",
  "hung-up": "nghe máy ở giây 7, người nghe gác máy một giây sau",
  "slow-record": "được nghe máy; bản ghi có sau khi kết thúc 30 giây",
  "no-record": "được nghe máy; bản ghi không bao giờ có",
  "early-list": "được nghe máy; tra cứu trước khi kết thúc nhận []",
  "early-object": "được nghe máy; tra cứu trước khi kết thúc nhận {}",
  "early-null": "được nghe máy; tra cứu trước khi kết thúc nhận null",
  "early-html": "được nghe máy; tra cứu trước khi kết thúc nhận trang HTML",
  "early-record": "được nghe máy; tra cứu trước khi kết thúc nhận bản ghi kết thúc năm 1970",
  "capitals": "đổ chuông từ giây 2 đến giây 27; bản ghi viết NO_ANSWERED",
  "answer-lost": "đã quay số, rồi kết nối đóng mà không có phản hồi",
  "answer-stalled": "đã quay số, và không có phản hồi nào",
  "answer-malformed": "đã quay số, phản hồi 200 chỉ có nửa đoạn JSON",
  "refused-in-words": "200 kèm lời từ chối (Số dư không đủ), không quay số",
  "unauthorized": "401, với bất kỳ token nào",
  "forbidden": "403",
  "rate-limited": "429 với Retry-After: 1, lần sau với cùng ref_id thì gọi",
  "server-error": "500, không quay số",
  "bad-gateway": "đã quay số, rồi gateway trả về 502 với trang HTML",
  "unavailable": "503, không quay số",
};

const LABELS = {
  queued: "Queued",
  ringing: "Ringing",
  answered: "Talking",
  ended: "Answered",
  busy: "Busy",
  "no-answered": "Not answered",
  "not-available": "Not available",
  "invalid-number": "Invalid number",
  "phone-block": "Blocked",
  congestion: "Congestion",
  voicemail: "Voicemail",
  failed: "Failed",
};

export const STATUSES = Object.keys(LABELS);

const language = (navigator.languages ?? []).map((each) => each.slice(0, 2)).find((each) => each === "vi" || each === "en") ?? "en";

/** The words in the reader's language, with what is in braces filled in. */
export function t(words, values = {}) {
  const found = language === "vi" ? VI[words] ?? words : words;
  return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The words for one, or for another number. */
export function n(number, one, many, values = {}) {
  return t(number === 1 ? one : many, { n: number, ...values });
}

export function label(status) {
  return t(LABELS[status] ?? status);
}

export function happens(number) {
  return (language === "vi" && HAPPENS_VI[number.name]) || number.happens.replaceAll("`", "");
}

/** How a call looks: it goes on, it was a success, it was neither, or it failed. */
export function kind(call) {
  if (call.gone) {
    return "gone";
  }
  const kinds = { queued: "queued", ringing: "ringing", answered: "talking", ended: "success", voicemail: "mailbox" };
  return kinds[call.status] ?? "failed";
}

/** Puts the words of a page in the reader's language; each element with `data-t` holds its English words. */
export function translate(root) {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll("[data-t]")) {
    element.textContent = t(element.textContent);
  }
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.ariaLabel = t(element.ariaLabel);
  }
  for (const element of root.querySelectorAll("[data-t-placeholder]")) {
    element.placeholder = t(element.placeholder);
  }
}
