/** Guide 003's `/api/auth/`, as far as it is about an account that one has, or cannot get into. Signing in is `Accounts`. */

import type { PartyHttp } from "./http";

export interface LoginSession {
  id: string;
  device: string;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  current: boolean;
}

/** `qr_code` is a picture, as a `data:` address. */
export interface FactorSetUp {
  secret: string;
  otpauth_url: string;
  qr_code: string;
}

export class AccountApi {
  constructor(private readonly http: PartyHttp) {}

  verifyEmail = (token: string): Promise<{ detail: string }> =>
    this.http.post("/auth/verify-email/", { token }, { anonymous: true });
  resendVerification = (): Promise<{ detail: string }> => this.http.post("/auth/resend-verification/");

  /** The answer is the same whether or not there is such an account. */
  forgotPassword = (email: string): Promise<{ detail: string }> =>
    this.http.post("/auth/forgot-password/", { email }, { anonymous: true });
  resetPassword = (token: string, password: string): Promise<{ detail: string }> =>
    this.http.post("/auth/reset-password/", { token, password }, { anonymous: true });
  /** All other logins end. */
  changePassword = (oldPassword: string, newPassword: string): Promise<{ detail: string }> =>
    this.http.post("/auth/change-password/", { old_password: oldPassword, new_password: newPassword });

  setUpFactor = (): Promise<FactorSetUp> => this.http.post("/auth/2fa/setup/");
  /** Turns it on. The backup codes are told this once. */
  confirmFactor = async (code: string): Promise<string[]> =>
    (await this.http.post<{ backup_codes: string[] }>("/auth/2fa/verify/", { code })).backup_codes;
  disableFactor = (password: string, code: string): Promise<{ detail: string }> =>
    this.http.post("/auth/2fa/disable/", { password, code });

  sessions = async (): Promise<LoginSession[]> =>
    (await this.http.get<{ results: LoginSession[] }>("/auth/sessions/")).results;
  endSession = (id: string): Promise<void> => this.http.delete(`/auth/sessions/${encodeURIComponent(id)}/`);
  endOtherSessions = (): Promise<void> => this.http.delete("/auth/sessions/");
}
