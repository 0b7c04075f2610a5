-- Laid over the package's own install script: one OpenID Connect plugin with the
-- device grant, the clients every target has, and the user alice / password.
INSERT INTO g_plugin_module_instance (gpmi_module, gpmi_name, gpmi_display_name, gpmi_parameters)
VALUES ('oidc', 'oidc', 'OpenID Connect', '{
  "iss": "http://127.0.0.1:@PORT@/api/oidc",
  "jwt-type": "sha", "jwt-key-size": "256", "key": "0123456789abcdef0123456789abcdef",
  "code-duration": 600, "refresh-token-duration": 1209600, "access-token-duration": 3600,
  "refresh-token-rolling": true, "allow-non-oidc": true,
  "auth-type-code-enabled": false, "auth-type-token-enabled": false, "auth-type-id-token-enabled": false,
  "auth-type-none-enabled": false, "auth-type-password-enabled": false, "auth-type-client-enabled": true,
  "auth-type-implicit-enabled": false, "auth-type-refresh-enabled": true, "auth-type-device-enabled": true,
  "device-authorization-expiration": @LIFETIME@, "device-authorization-interval": @INTERVAL@,
  "introspection-revocation-allowed": true, "introspection-revocation-allow-target-client": true
}');

INSERT INTO g_client (gc_client_id, gc_name, gc_confidential) VALUES
  ('dfcheck', 'dfcheck', 0), ('dfcheck-other', 'other', 0), ('nodevice', 'no device grant', 0), ('dfcheck-conf', 'conf', 1);
INSERT INTO g_client_property (gc_id, gcp_name, gcp_value)
  SELECT gc_id, 'authorization_type', CASE gc_client_id WHEN 'nodevice' THEN 'code' ELSE 'device_authorization' END FROM g_client;
INSERT INTO g_client_property (gc_id, gcp_name, gcp_value)
  SELECT gc_id, 'authorization_type', 'refresh_token' FROM g_client WHERE gc_client_id != 'nodevice';
INSERT INTO g_client_property (gc_id, gcp_name, gcp_value)
  SELECT gc_id, 'client_secret', 'secret' FROM g_client WHERE gc_confidential = 1;
INSERT INTO g_client_property (gc_id, gcp_name, gcp_value)
  SELECT gc_id, 'token_endpoint_auth_method', 'client_secret_basic' FROM g_client WHERE gc_confidential = 1;

INSERT INTO g_user (gu_username, gu_name, gu_email, gu_enabled) VALUES ('alice', 'Alice', 'alice@example.com', 1);
INSERT INTO g_user_password (gu_id, guw_password)   -- the package's own admin password, "password"
  SELECT (SELECT gu_id FROM g_user WHERE gu_username='alice'), guw_password FROM g_user_password LIMIT 1;
INSERT INTO g_user_scope (gus_name) VALUES ('openid');
INSERT INTO g_user_scope_user (gu_id, gus_id)
  SELECT gu_id, gus_id FROM g_user, g_user_scope WHERE gu_username='alice' AND gus_name IN ('openid', 'g_profile');
