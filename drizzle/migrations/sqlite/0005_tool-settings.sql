CREATE TABLE `tool_settings` (
	`instance_id` text NOT NULL,
	`tool` text NOT NULL,
	`enabled` integer DEFAULT true NOT NULL,
	`name` text,
	`description` text,
	`rev` integer NOT NULL,
	PRIMARY KEY(`instance_id`, `tool`)
);
--> statement-breakpoint
ALTER TABLE `plugin_instances` ADD `oauth` text;