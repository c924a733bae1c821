// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc
import HTTPValues
import Values

/// One libcurl easy handle and the request that it carries at the moment; used again for later requests.
///
/// What is the same for all requests is set once; `begin` sets everything else, each time, to one value or the other.
/// Resetting the handle instead costs about 4 microseconds a request, a tenth of what a small one takes.
final class Transfer {
    let easy: UnsafeMutableRawPointer
    private(set) var call: Call?
    private let settings: HTTPClientSettings
    private let errorText: UnsafeMutablePointer<CChar>
    private let url: OpaquePointer
    private let fieldLists: FieldLists
    private var fields: FieldList?
    private var body: [UInt8] = []
    private var bodyOffset = 0
    private var response = ResponseReading()
    /// When the request was handed to an established connection; `nil` if it has not been.
    private(set) var startedAt: ContinuousClock.Instant?
    /// Whether the request's start limit had passed when its connection was established.
    private var isTooLate = false

    init(settings: HTTPClientSettings, fieldLists: FieldLists) {
        guard let easy = curl_easy_init(), let url = curl_url() else {
            preconditionFailure("libcurl gives no easy handle: out of memory")
        }
        self.easy = easy
        self.url = url
        self.settings = settings
        self.fieldLists = fieldLists
        self.errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        self.errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        self.setConnectionOptions()
        self.setCallbacks()
    }

    /// Frees the handle; nothing else may be called afterwards.
    func free() {
        curl_easy_cleanup(self.easy)
        curl_url_cleanup(self.url)
        self.errorText.deallocate()
    }

    /// The transfer that a handle belongs to.
    static func of(_ easy: UnsafeMutableRawPointer?) -> Transfer? {
        var pointer: UnsafeMutableRawPointer?
        ccurl_get_pointer(easy, CURLINFO_PRIVATE, &pointer)
        return pointer.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Prepares the handle for a request.
    ///
    /// - Returns: Why the request can't be sent, `nil` when it can.
    func begin(_ call: Call, now: ContinuousClock.Instant) -> HTTPFailure? {
        let request = call.request
        if let problem = RequestCheck.problem(of: request) ?? self.setFields(request.headers) ?? self.setURL(request) {
            return HTTPFailure(kind: .invalidRequest, mayHaveBeenSent: false, message: problem)
        }
        self.call = call
        self.response.begin(maximumBytes: request.maximumResponseBytes)
        self.startedAt = nil
        self.isTooLate = false
        self.body = request.body ?? []
        self.bodyOffset = 0
        self.errorText[0] = 0
        ccurl_set_long(self.easy, CURLOPT_TIMEOUT_MS, max(1, (call.deadline - now).waitMilliseconds))
        ccurl_set_offset(self.easy, CURLOPT_MAXFILESIZE_LARGE, request.maximumResponseBytes)
        self.setMethod(request)
        return nil
    }

    /// Forgets the request; the handle must be out of the multi handle.
    func end() {
        self.call = nil
        self.body = []
    }

    // MARK: Options

    private func setConnectionOptions() {
        let (easy, settings) = (self.easy, self.settings)
        // No signals: libcurl would use SIGALRM for slow name servers, which a program with threads can't have.
        ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        // Else the end of a transfer that still resolves its host waits for the resolver, and all others with it.
        ccurl_set_long(easy, CURLOPT_QUICK_EXIT, 1)
        ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        ccurl_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, max(1, settings.connectTimeout.waitMilliseconds))
        ccurl_set_long(easy, CURLOPT_MAXAGE_CONN, max(1, settings.maximumIdleAge.waitMilliseconds / 1000))
        ccurl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
        ccurl_set_string(easy, CURLOPT_USERAGENT, settings.userAgent)
        ccurl_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // Whatever the distribution's default is: older ones are broken (RFC 8996).
        ccurl_set_long(easy, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let path = settings.caBundlePath { ccurl_set_string(easy, CURLOPT_CAINFO, path) }
        if !settings.verifyTLS {
            ccurl_set_long(easy, CURLOPT_SSL_VERIFYPEER, 0)
            ccurl_set_long(easy, CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let certificate = settings.clientCertificate {
            ccurl_set_string(easy, CURLOPT_SSLCERT, certificate.certificatePath)
            ccurl_set_string(easy, CURLOPT_SSLKEY, certificate.keyPath)
        }
        switch settings.proxy {
        case .environment where Self.environmentNamesAProxy: break
        case .environment, .direct:
            ccurl_set_string(easy, CURLOPT_PROXY, "")
            ccurl_set_string(easy, CURLOPT_NOPROXY, "")
        case .url(let url): ccurl_set_string(easy, CURLOPT_PROXY, url)
        }
    }

    /// Whether libcurl would find a proxy in the environment.
    ///
    /// It looks up seven variables for each request, which takes longer the more others there are: hundreds in a pod.
    private static var environmentNamesAProxy: Bool {
        let names: [String] = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        return names.contains { getenv($0).map { $0.pointee != 0 } ?? false }
    }

    private func setCallbacks() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_pointer(self.easy, CURLOPT_PRIVATE, context)
        ccurl_set_pointer(self.easy, CURLOPT_ERRORBUFFER, self.errorText)
        ccurl_set_data_function(self.easy, CURLOPT_WRITEFUNCTION, bodyReceived)
        ccurl_set_pointer(self.easy, CURLOPT_WRITEDATA, context)
        ccurl_set_data_function(self.easy, CURLOPT_HEADERFUNCTION, fieldReceived)
        ccurl_set_pointer(self.easy, CURLOPT_HEADERDATA, context)
        ccurl_set_prerequest_function(self.easy, requestBegins)
        ccurl_set_pointer(self.easy, CURLOPT_PREREQDATA, context)
        ccurl_set_data_function(self.easy, CURLOPT_READFUNCTION, bodyWanted)
        ccurl_set_pointer(self.easy, CURLOPT_READDATA, context)
        ccurl_set_pointer(self.easy, CURLOPT_SEEKDATA, context)
        ccurl_set_pointer(self.easy, CURLOPT_CURLU, UnsafeMutableRawPointer(self.url))
    }

    private func setMethod(_ request: HTTPRequest) {
        let easy = self.easy
        let hasBody = !self.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method)
        let isHead = request.method == "HEAD"
        // Takes back `POST` and `NOBODY` of the request before.
        ccurl_set_long(easy, CURLOPT_HTTPGET, 1)
        if isHead {
            ccurl_set_long(easy, CURLOPT_NOBODY, 1)
        } else if hasBody {
            ccurl_set_long(easy, CURLOPT_POST, 1)
            ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, self.body.count)
        }
        let isPlain = isHead || request.method == (hasBody ? "POST" : "GET")
        ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, isPlain ? nil : request.method)
        // On a kept connection that ends before the first byte of the response libcurl sends a request again, silently.
        // It can't do so with a body that it must read a second time and can't seek in; without a body only a
        // connection of its own keeps it from that.
        ccurl_set_seek_function(easy, request.isRepeatable ? bodyWantedAgain : nil)
        ccurl_set_long(easy, CURLOPT_FRESH_CONNECT, !request.isRepeatable && self.body.isEmpty ? 1 : 0)
    }

    /// Sets the header fields; returns what is wrong with them, if anything.
    private func setFields(_ headers: [(name: String, value: String)]) -> String? {
        var fields = self.fieldLists.find(headers)
        if fields == nil {
            if let problem = RequestCheck.problem(ofFields: headers) { return problem }
            fields = self.fieldLists.make(headers)
        }
        ccurl_set_pointer(self.easy, CURLOPT_HTTPHEADER, fields?.list)
        self.fields = fields
        return nil
    }

    /// Sets the URL; returns what is wrong with it, if anything.
    private func setURL(_ request: HTTPRequest) -> String? {
        // Borrowed once: a string passed to C directly is copied each time.
        let code = request.url.withCString { url in
            // libcurl uses the parsed URL. Given the text alone it would parse it and write it out again, byte by byte,
            // a tenth of all its work for a small request; given the parsed one alone it would keep the text of the
            // first.
            ccurl_set_string(self.easy, CURLOPT_URL, url)
            return curl_url_set(self.url, CURLUPART_URL, url, 0)
        }
        guard code != CURLUE_OK else { return nil }
        let reason = String(cString: curl_url_strerror(code))
        return "the request to \(RequestCheck.origin(of: request.url)) can't be sent: \(reason)"
    }

    // MARK: Outcome

    /// Whether any byte of the request can have left.
    var mayHaveBeenSent: Bool {
        var requestBytes = 0
        ccurl_get_long(self.easy, CURLINFO_REQUEST_SIZE, &requestBytes)
        return self.startedAt != nil && requestBytes > 0
    }

    /// What became of the request.
    func result(_ code: CURLcode) -> Result<HTTPResponse, HTTPFailure> {
        guard !self.isTooLate else { return .failure(.tooLate) }
        var status = 0
        ccurl_get_long(self.easy, CURLINFO_RESPONSE_CODE, &status)
        if code == CURLE_OK, status > 0, self.response.isHeadComplete {
            return .success(self.response.take(status: status))
        }
        var proxyStatus = 0
        ccurl_get_long(self.easy, CURLINFO_HTTP_CONNECTCODE, &proxyStatus)
        let outcome = TransferOutcome(
            // What libcurl takes for a whole response without the end of its head was cut.
            code: code == CURLE_OK ? CURLE_PARTIAL_FILE : code,
            hasBegunRequest: self.startedAt != nil,
            mayHaveBeenSent: self.mayHaveBeenSent,
            isTooLarge: self.response.isTooLarge,
            isHeadTooLarge: self.response.isHeadTooLarge,
            proxyStatus: proxyStatus,
            proxy: (self.call?.request.url).flatMap { NamedProxy(for: $0, self.settings.proxy) },
            detail: String(cString: self.errorText)
        )
        return .failure(outcome.failure(of: self.call?.request))
    }

    // MARK: Callbacks

    fileprivate func received(body bytes: UnsafeRawBufferPointer) -> Bool { self.response.append(body: bytes) }

    fileprivate func received(field bytes: UnsafeRawBufferPointer) -> Bool { self.response.append(field: bytes) }

    /// Whether the request may be sent, now that it has a connection.
    fileprivate func mayBegin() -> Bool {
        // Sent again by libcurl: the first time counts.
        guard self.startedAt == nil else { return true }
        let now = ContinuousClock.now
        self.isTooLate = self.call?.isTooLate(at: now) ?? false
        guard !self.isTooLate else { return false }
        self.startedAt = now
        return true
    }

    fileprivate func rewind(to offset: Int) -> Bool {
        guard offset >= 0, offset <= self.body.count else { return false }
        self.bodyOffset = offset
        return true
    }

    fileprivate func give(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, self.body.count - self.bodyOffset)
        self.body.withUnsafeBytes { body in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: body[self.bodyOffset..<(self.bodyOffset + count)]))
        }
        self.bodyOffset += count
        return count
    }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private func bodyReceived(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let buffer = UnsafeRawBufferPointer(start: bytes, count: count)
    return transfer(context)?.received(body: buffer) == true ? count : 0
}

private func fieldReceived(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let buffer = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return transfer(context)?.received(field: buffer) == true ? size * count : 0
}

private func bodyWanted(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    transfer(context)?.give(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

private func bodyWantedAgain(_ context: UnsafeMutableRawPointer?, _ offset: Int, _ origin: Int32) -> Int32 {
    guard origin == SEEK_SET, transfer(context)?.rewind(to: offset) == true else { return CURL_SEEKFUNC_FAIL }
    return CURL_SEEKFUNC_OK
}

private func requestBegins(
    _ context: UnsafeMutableRawPointer?,
    _: UnsafeMutablePointer<CChar>?,
    _: UnsafeMutablePointer<CChar>?,
    _: Int32,
    _: Int32
) -> Int32 {
    transfer(context)?.mayBegin() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}
