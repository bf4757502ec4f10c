CREATE TABLE `oauth_flows` (
	`handle_hash` text PRIMARY KEY NOT NULL,
	`instance_id` text NOT NULL,
	`owner` text NOT NULL,
	`started_by` text NOT NULL,
	`expires_at` integer NOT NULL,
	`state_hash` text,
	`browser_hash` text,
	`departed_by` text,
	`issuer` text,
	`redirect_uri` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `oauth_flows_state_hash_unique` ON `oauth_flows` (`state_hash`);--> statement-breakpoint
CREATE INDEX `oauth_flows_expires` ON `oauth_flows` (`expires_at`);--> statement-breakpoint
CREATE TABLE `oauth_grants` (
	`instance_id` text NOT NULL,
	`owner` text NOT NULL,
	`status` text NOT NULL,
	`reason` text,
	`account` text,
	`scope` text NOT NULL,
	`missing_scopes` text NOT NULL,
	`connected_at` integer NOT NULL,
	`refreshed_at` integer,
	`expires_at` integer NOT NULL,
	`is_refreshable` integer NOT NULL,
	`generation` integer NOT NULL,
	`intent` text,
	`rev` integer NOT NULL,
	PRIMARY KEY(`instance_id`, `owner`)
);
--> statement-breakpoint
CREATE TABLE `sign_in_sessions` (
	`id_hash` text PRIMARY KEY NOT NULL,
	`key_reference` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
