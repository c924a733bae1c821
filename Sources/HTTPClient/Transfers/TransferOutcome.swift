// SPDX-License-Identifier: Apache-2.0

import CCurl
import HTTPValues

/// How a transfer ended without a response, in libcurl's words, and its translation into ours.
struct TransferOutcome {
    let code: CURLcode
    /// Whether a connection stood and the request was about to be sent.
    let hasBegunRequest: Bool
    /// Whether any byte of the request can have left.
    let mayHaveBeenSent: Bool
    let isTooLarge: Bool
    /// Whether it is the head of the response that is too large.
    let isHeadTooLarge: Bool
    /// Status of the proxy's answer to `CONNECT`, 0 when there was none.
    let proxyStatus: Int
    /// The proxy that the request went through, if any.
    let proxy: NamedProxy?
    /// libcurl's sentence; may be empty.
    let detail: String

    func failure(of request: HTTPRequest?) -> HTTPFailure {
        let origin = RequestCheck.origin(of: request?.url ?? "")
        let kind = self.kind
        return HTTPFailure(
            kind: kind,
            mayHaveBeenSent: self.mayHaveBeenSent,
            message: self.message(kind, origin: origin, request)
        )
    }

    private var kind: HTTPFailure.Kind {
        if self.isTooLarge { return .responseTooLarge }
        switch self.code {
        case CURLE_FILESIZE_EXCEEDED: return .responseTooLarge
        case CURLE_OPERATION_TIMEDOUT: return .timeout
        case CURLE_COULDNT_RESOLVE_HOST: return .resolve
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: return .proxy
        case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED: return self.proxy != nil ? .proxy : .connect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ENGINE_INITFAILED,
            CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED, CURLE_SSL_SHUTDOWN_FAILED:
            return .tls
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND:
            guard !self.hasBegunRequest else { return .cut }
            return self.proxy != nil || self.proxyStatus > 0 ? .proxy : .connect
        case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT: return .invalidRequest
        // Among these are the answer of something that does not speak HTTP (code "unsupported protocol").
        default: return self.hasBegunRequest ? .malformedResponse : .invalidRequest
        }
    }

    private func message(_ kind: HTTPFailure.Kind, origin: String, _ request: HTTPRequest?) -> String {
        let detail = self.detail.isEmpty ? String(cString: curl_easy_strerror(self.code)) : self.detail
        let way = self.proxy.map { "\(origin) through the proxy \($0)" } ?? origin
        switch kind {
        case .invalidRequest: return "the request to \(origin) can't be sent: \(detail)"
        case .resolve: return "the host of \(origin) can't be resolved: \(detail); check the name and the name server"
        case .connect, .proxy: return "no connection to \(way): \(detail)"
        case .tls: return "no TLS connection to \(way): \(detail)\(self.advice(detail))"
        case .timeout:
            let stage = self.hasBegunRequest ? "the response was not complete" : "no connection"
            return "\(way): \(stage) in time: \(detail)"
        case .cut: return "\(way) ended the connection before the response was complete: \(detail)"
        case .responseTooLarge:
            return self.isHeadTooLarge
                ? "the head of the response of \(way) is longer than \(ResponseReading.maximumHeadBytes) bytes"
                : "the response of \(way) is longer than \(request?.maximumResponseBytes ?? 0) bytes"
        case .malformedResponse: return "the response of \(way) is not valid HTTP: \(detail)"
        case .cancelled, .closed, .notStarted: return detail
        }
    }

    /// What to change about a TLS problem.
    ///
    /// By libcurl's sentence, because codes of the TLS library differ from one build of libcurl to the next.
    private func advice(_ detail: String) -> String {
        if self.code == CURLE_SSL_CACERT_BADFILE { return "; check the CA bundle's path and that it is a PEM file" }
        if self.code == CURLE_SSL_CERTPROBLEM { return "; check the client certificate's and key's paths" }
        let text = detail.lowercased()
        if text.contains("expired") { return "; renew the server's certificate, and check this machine's clock" }
        if text.contains("not yet valid") { return "; check this machine's clock" }
        if text.contains("issuer") || text.contains("self-signed") || text.contains("self signed") {
            return "; give the authority that signed the server's certificate as CA bundle"
        }
        if text.contains("subject name") || text.contains("does not match") {
            return "; use a host name that the server's certificate is made for"
        }
        return ""
    }
}
