ALTER TABLE `api_tokens` ADD `expires_at` integer;--> statement-breakpoint
ALTER TABLE `api_tokens` ADD `used_at` integer;--> statement-breakpoint
ALTER TABLE `clients` ADD `owner` text;--> statement-breakpoint
ALTER TABLE `clients` ADD `access` text;--> statement-breakpoint
ALTER TABLE `clients` ADD `calls_per_minute` integer;--> statement-breakpoint
ALTER TABLE `clients` ADD `expires_at` integer;--> statement-breakpoint
ALTER TABLE `clients` ADD `used_at` integer;--> statement-breakpoint
DROP TABLE `sign_in_sessions`;--> statement-breakpoint
CREATE TABLE `sign_in_sessions` (
	`id_hash` text PRIMARY KEY NOT NULL,
	`key_reference` text NOT NULL,
	`csrf_token` text NOT NULL,
	`created_at` integer NOT NULL,
	`renewed_at` integer NOT NULL,
	`seen_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
